// Learning curves: mean and band over seeds for each point, every seed on demand.
import { Lines, type Line } from "../../charts/lines";
import { statistic } from "../../parts/format";
import { metric } from "../../parts/metrics";
import { Failure, Loading } from "../../parts/states";
import type { Job } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { type Curve, type JobRuns, type PointRuns, useCurves, useMetricNames } from "./data";
import { mainOf } from "./result";

const FIRST_METRICS = ["test/top1_error", "test/mean_average_precision", "train/loss", "train/base_loss", "test/loss", "train/top1_error", "validation/top1_error"];

export function zoomOf(text: string | null): [number, number] | null {
  const [from, to] = (text ?? "").split("-").map(Number);
  return from !== undefined && to !== undefined && Number.isFinite(from) && to > from ? [from, to] : null;
}

export function Curves({ job, runs }: { job: Job; runs: JobRuns }) {
  const names = useMetricNames(runs);
  const chosen = query.value.get("metric") ?? mainOf(job);
  const eachSeed = query.value.get("seeds") === "each";
  const curves = useCurves(job, runs, chosen);
  const told = metric(chosen);
  const sorted = [...new Set([...FIRST_METRICS.filter((name) => names.includes(name)), ...names])];
  if (!runs.epoch) return <section class="panel"><h2>Learning curves</h2><p class="quiet">They come with the first epoch.</p></section>;
  if (curves.error && !curves.value) return <Failure error={curves.error} what="The learning curves" again={curves.refresh} />;
  if (!curves.value) return <Loading what="the learning curves" />;
  const lines = runs.points.map((point) => lineOf(point, curves.value as Map<string, Curve>, eachSeed)).filter((line) => line.x.length);
  const controls = (
    <>
      <label class="check"><input type="checkbox" checked={eachSeed} onChange={(event) => setQuery({ seeds: event.currentTarget.checked ? "each" : null })} /> each seed</label>
      <label>
        <span class="hidden">Metric</span>
        <select aria-label="Metric" value={chosen} onChange={(event) => setQuery({ metric: event.currentTarget.value })}>
          {(sorted.length ? sorted : [chosen]).map((name) => <option key={name} value={name}>{metric(name).title}</option>)}
        </select>
      </label>
    </>
  );
  return (
    <section class="panel">
      <Lines
        title={`Learning curves: ${told.title}`} level={2} xTitle="epoch" yTitle={told.fraction ? `${told.title.toLowerCase()}, %` : told.title.toLowerCase()} scale={told.fraction ? 100 : 1}
        lines={lines} controls={controls} height={340} zoom={zoomOf(query.value.get("zoom"))} onZoom={(zoom) => setQuery({ zoom: zoom ? zoom.join("-") : null })}
        summary={lines.map((line) => `${line.name}: ${line.mean.at(-1) ?? "no value"} at epoch ${line.x.at(-1)}`).join("; ")}
      />
      <p class="quiet small">Line: mean over seeds; band: one standard deviation. Hold Shift and turn the wheel to zoom, drag to move.</p>
    </section>
  );
}

export function lineOf(point: PointRuns, curves: Map<string, Curve>, eachSeed: boolean): Line {
  const known = point.runs.flatMap((run) => (curves.has(run.id) ? [{ run, curve: curves.get(run.id) as Curve }] : []));
  const epochs = [...new Set(known.flatMap((each) => each.curve.epoch))].sort((a, b) => a - b);
  const places = known.map((each) => new Map(each.curve.epoch.map((epoch, i) => [epoch, each.curve.value[i]])));
  const stats = epochs.map((epoch) => statistic(places.map((place) => place.get(epoch))));
  return {
    name: point.name,
    method: point.method,
    x: epochs,
    mean: stats.map((each) => each.mean),
    deviation: stats.map((each) => each.std),
    n: stats.map((each) => each.n),
    each: eachSeed ? known.map((one) => ({ name: `seed ${one.run.seed}`, x: one.curve.epoch, y: one.curve.value })) : undefined,
  };
}
