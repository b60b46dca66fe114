// Learning curves of all sides on one axis: mean over seeds, band of one standard deviation.
import { Lines } from "../../charts/lines";
import { metric } from "../../parts/metrics";
import { Empty } from "../../parts/states";
import type { Comparison } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import type { Side } from "./comparison";

export function Curves({ answer, sides }: { answer: Comparison; sides: Side[] }) {
  const { metric: name, names } = answer.series;
  if (!name) return <section class="panel"><h2>Learning curves</h2><Empty>The curves come with the first epoch.</Empty></section>;
  const { title, fraction } = metric(name);
  const lines = sides.flatMap((side) => {
    const band = answer.series.sides[side.place];
    return band?.epoch.length ? [{ name: side.name, method: side.method, x: band.epoch, mean: band.mean, deviation: band.std, n: band.n }] : [];
  });
  const choice = (
    <label class="row small">
      metric
      <select value={name} onChange={(event) => setQuery({ curve: event.currentTarget.value })}>
        {[...new Set([name, ...names])].map((each) => <option key={each} value={each}>{metric(each).title}</option>)}
      </select>
    </label>
  );
  return (
    <section class="panel">
      <Lines title={`Learning curves: ${title.toLowerCase()}`} level={2} xTitle="epoch" yTitle={fraction ? `${title.toLowerCase()}, %` : title.toLowerCase()} scale={fraction ? 100 : 1} lines={lines} controls={choice} zoom={zoomed()} onZoom={(zoom) => setQuery({ zoom: zoom ? zoom.join("-") : null })} height={340} />
      <p class="quiet small note">Mean over seeds; the band is one standard deviation wide on either side. Shift and the wheel zoom.</p>
    </section>
  );
}

function zoomed(): [number, number] | null {
  const [from = NaN, to = NaN] = (query.value.get("zoom") ?? "").split("-").map(Number);
  return from >= 0 && to <= 100 && from < to ? [from, to] : null;
}
