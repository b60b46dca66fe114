// Accuracy over class frequency, the difference to a chosen point, which classes are taken for which, and how sure the predictions are.
import { Bars } from "../../charts/bars";
import { EpochChoice } from "../../parts/epoch";
import { metric } from "../../parts/metrics";
import { Empty, Shown } from "../../parts/states";
import type { Job } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { Calibration } from "./calibration";
import { type ClassValues, type JobRuns, useClassMetric, useOrder } from "./data";
import { mainOf } from "./result";
import { useShotGroups } from "./shot_groups";
import { Confusion } from "../confusion/confusion";
import { pointMeans, runsOf } from "./variation";

export function Classes({ job, runs }: { job: Job; runs: JobRuns }) {
  const multi = !metric(mainOf(job)).lower;
  const name = multi ? "test/average_precision" : "test/accuracy";
  const asked = Number(query.value.get("epoch"));
  const epoch = asked > 0 ? Math.min(asked, runs.epoch) : runs.epoch;
  const quality = useClassMetric(job, name, epoch);
  if (!runs.epoch) return <Empty>The classes come with the first epoch.</Empty>;
  return (
    <>
      <section class="panel">
        <EpochChoice epoch={epoch} last={runs.epoch} choose={(next) => setQuery({ epoch: next })} />
        <Shown of={quality} what="The classes">{(values) => <ByFrequency job={job} runs={runs} values={values} multi={multi} epoch={epoch} />}</Shown>
      </section>
      {!multi && <Confusions runs={runs} />}
      {!multi && <Calibration job={job} runs={runs} />}
    </>
  );
}

function ByFrequency({ job, runs, values, multi, epoch }: { job: Job; runs: JobRuns; values: ClassValues; multi: boolean; epoch: number }) {
  const order = useOrder(values.counts);
  const counts = order.map((c) => values.counts[c] ?? 0);
  const groups = useShotGroups(job, counts);
  const baseline = query.value.get("baseline") ?? "";
  const means = runs.points.map((point) => ({ point, ...pointMeans(point, values) })).filter((each) => each.mean.some((value) => value !== null));
  const against = means.find((each) => each.point.key === baseline);
  const shown = against ? means.filter((each) => each !== against) : means;
  const what = multi ? "average precision" : "accuracy";
  const bars = shown.map(({ point, mean, std }) => ({
    name: point.name,
    method: point.method,
    values: order.map((c) => difference(mean[c] ?? null, against ? (against.mean[c] ?? null) : 0)),
    deviation: against ? undefined : order.map((c) => std[c] ?? null),
  }));
  if (!bars.length) return <Empty>No run has got to this epoch, or this job has nothing to compare {against?.point.name} with.</Empty>;
  const controls = means.length > 1 && (
    <label class="row small">
      Difference to
      <select value={baseline} onChange={(event) => setQuery({ baseline: event.currentTarget.value || null })}>
        <option value="">nothing</option>
        {means.map(({ point }) => <option key={point.key} value={point.key}>{point.name}</option>)}
      </select>
    </label>
  );
  return (
    <Bars
      title={`Test ${what} by class${against ? `, difference to ${against.point.name}` : ""}, epoch ${epoch}`} level={2} yTitle={`${what}, %${against ? " points" : ""}`} scale={100} height={360}
      labels={order.map((c) => values.classes[c] ?? String(c))} counts={counts} bars={bars} groups={groups} controls={controls} bySign={Boolean(against) && bars.length === 1}
    />
  );
}

const difference = (value: number | null, from: number | null) => (value === null || from === null ? null : value - from);

/** The confusion matrix of one run; beside another, their difference. */
function Confusions({ runs }: { runs: JobRuns }) {
  const choices = runsOf(runs).filter(({ run }) => run.state === "succeeded");
  if (!choices.length) return null;
  const chosen = choices.find(({ run }) => run.id === query.value.get("run")) ?? choices[0]!;
  const other = choices.find(({ run }) => run.id === query.value.get("minus"));
  const pick = (name: string, label: string, value: string, empty?: string) => (
    <label class="row small">
      {label}
      <select value={value} onChange={(event) => setQuery({ [name]: event.currentTarget.value || null })}>
        {empty && <option value="">{empty}</option>}
        {choices.map((each) => <option key={each.run.id} value={each.run.id}>{each.title}</option>)}
      </select>
    </label>
  );
  return (
    <section class="panel">
      <div class="row">
        {pick("run", "Run", chosen.run.id)}
        {pick("minus", "minus", other?.run.id ?? "", "nothing")}
      </div>
      <Confusion run={chosen.run.id} name={chosen.title} other={other?.run.id ?? null} otherName={other?.title} level={2} />
    </section>
  );
}
