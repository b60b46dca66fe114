// Learning curves of one run: all splits and shot groups of one kind of metric.
import { numbered } from "../../charts/colours";
import { type Line, Lines } from "../../charts/lines";
import { metric } from "../../parts/metrics";
import { Failure, Loading } from "../../parts/states";
import type { Run } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { ENDED } from "../../parts/run_states";
import { type Curves, kindOf, useCurves, useNames } from "./run_data";

export function RunCurves({ run }: { run: Run }) {
  const names = useNames(run);
  const kinds = [...new Set(names.map(kindOf))];
  const asked = query.value.get("metric") ?? "";
  const kind = kinds.includes(asked) ? asked : (kinds[0] ?? "");
  const curves = useCurves(run, names.filter((name) => kindOf(name) === kind));
  const controls = (
    <select aria-label="Metric" value={kind} onChange={(event) => setQuery({ metric: event.currentTarget.value === kinds[0] ? null : event.currentTarget.value })}>
      {kinds.map((each) => <option key={each} value={each}>{kindTitle(each)}</option>)}
    </select>
  );
  return (
    <section class="panel">
      {!run.epoch && <><h2>Learning curves</h2><p class="quiet">{ENDED.includes(run.state) ? "The run ended before its first epoch was complete." : "They come with the first epoch."}</p></>}
      {run.epoch > 0 && curves.error && !curves.value && <Failure error={curves.error} what="The learning curves" again={curves.refresh} />}
      {run.epoch > 0 && !curves.value && !curves.error && <Loading what="the learning curves" />}
      {run.epoch > 0 && curves.value && <Chart kind={kind} curves={curves.value} controls={controls} />}
    </section>
  );
}

const kindTitle = (kind: string): string => {
  const words = metric(`/${kind}`).title.trim();
  return `${words[0]?.toUpperCase() ?? ""}${words.slice(1)}`;
};

function Chart({ kind, curves, controls }: { kind: string; curves: Curves; controls: preact.JSX.Element }) {
  const fraction = metric(`test/${kind}`).fraction;
  const lines: Line[] = Object.entries(curves).map(([name, curve], i) => ({ name: metric(name).title, method: numbered(i), x: curve.epoch, mean: curve.value }));
  const told = lines.map((line) => `${line.name}: ${line.mean.at(-1) ?? "no value"}`).join("; ");
  return (
    <Lines title={`Learning curves: ${kindTitle(kind).toLowerCase()}`} level={2} xTitle="epoch" yTitle={`${kindTitle(kind).toLowerCase()}${fraction ? ", %" : ""}`} scale={fraction ? 100 : 1} lines={lines} controls={controls} height={320} summary={`At the last epoch, ${told}`} />
  );
}
