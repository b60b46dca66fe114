// Whether predictions are as often right as they are sure, by point: the expected calibration error and the diagram behind it.
import { type Bin, Reliability } from "../../charts/reliability";
import { type Statistic, spread, statistic } from "../../parts/format";
import { Shown } from "../../parts/states";
import { Table } from "../../parts/table";
import { readAll } from "../../service/pages";
import { ofJob, useReading } from "../../service/resource";
import type { Job, RunCalibration } from "../../service/types";
import type { JobRuns, PointRuns } from "./data";

export function Calibration({ job, runs }: { job: Job; runs: JobRuns }) {
  const about = ofJob(job.id);
  const read = useReading(`${job.id} calibration`, (signal) => readAll<RunCalibration>(`/v1/jobs/${job.id}/calibration?limit=1000`, signal), {
    about: (event) => event.event === "state" && about(event),
    keep: true,
  });
  return <section class="panel"><Shown of={read} what="The calibration">{(items) => <ByPoint items={items} runs={runs} />}</Shown></section>;
}

interface Calibrated {
  point: PointRuns;
  bins: Bin[];
  error: Statistic;
}

function ByPoint({ items, runs }: { items: RunCalibration[]; runs: JobRuns }) {
  const byRun = new Map(items.filter((item) => item.bins.length).map((item) => [item.run, item.bins]));
  const points = runs.points.flatMap((point): Calibrated[] => {
    const measured = point.runs.flatMap((run) => (byRun.has(run.id) ? [byRun.get(run.id)!] : []));
    return measured.length ? [{ point, bins: pooled(measured), error: statistic(measured.map(calibrationError)) }] : [];
  });
  if (!points.length) {
    return <><h2>Calibration</h2><p class="quiet">How sure the predictions are is measured with the last epoch; runs of earlier versions have none.</p></>;
  }
  const told = points.map(({ point, error }) => `${point.name}: expected calibration error ${spread(error)} %`).join("; ");
  return (
    <div class="beside">
      <Reliability
        title="Calibration on the test set" level={2} summary={`${told}.`}
        curves={points.map(({ point, bins }) => ({ name: point.name, method: point.method, bins }))}
      />
      <Table
        caption="Expected calibration error, %" shownCaption rows={points} rowKey={({ point }) => point.key}
        columns={[
          { key: "point", title: "Point", cell: ({ point }) => point.name, wide: true },
          { key: "error", title: "Error, %", number: true, cell: ({ error }) => spread(error), hint: "Mean distance of confidence and accuracy over the bins, weighted by their examples" },
          { key: "sure", title: "Sure minus right, points", number: true, cell: ({ bins }) => overconfidence(bins), hint: "Above zero the predictions are surer than they are right" },
          { key: "n", title: "Seeds", number: true, cell: ({ error }) => error.n },
        ]}
      />
    </div>
  );
}

/** Bins of several runs as if their predictions were of one. */
function pooled(runs: Bin[][]): Bin[] {
  return (runs[0] ?? []).map(({ from, to }, k) => {
    const same = runs.flatMap((bins) => bins[k] ?? []);
    const examples = same.reduce((sum, bin) => sum + bin.examples, 0);
    const mean = (of: "confidence" | "accuracy") => (examples ? same.reduce((sum, bin) => sum + bin.examples * (bin[of] ?? 0), 0) / examples : null);
    return { from, to, examples, confidence: mean("confidence"), accuracy: mean("accuracy") };
  });
}

/** Mean over all examples of what is made of their bin's confidence minus accuracy. */
function weighted(bins: Bin[], of: (difference: number) => number): number {
  const all = bins.reduce((sum, bin) => sum + bin.examples, 0);
  return bins.reduce((sum, bin) => sum + bin.examples * of((bin.confidence ?? 0) - (bin.accuracy ?? 0)), 0) / (all || 1);
}

/** Expected calibration error (Naeini et al. 2015; Guo et al. 2017). */
const calibrationError = (bins: Bin[]) => weighted(bins, Math.abs);

function overconfidence(bins: Bin[]): string {
  const points = 100 * weighted(bins, (difference) => difference);
  return `${points > 0 ? "+" : points < 0 ? "−" : ""}${Math.abs(points).toFixed(2)}`;
}
