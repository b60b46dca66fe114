// The relative loss variation, the paper's own view of a method: which classes are made harder and which easier.
// Above, all points at one epoch by class rank; below, one run over all epochs, with what LPL did to each class.
import { useState } from "preact/hooks";
import { Bars } from "../../charts/bars";
import { Heat } from "../../charts/heat";
import { Lines } from "../../charts/lines";
import { EpochChoice } from "../../parts/epoch";
import { number, percent, statistic } from "../../parts/format";
import { Empty, Shown } from "../../parts/states";
import type { Matrix } from "../../service/http";
import type { Job, Run } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { type ClassValues, type JobRuns, type PointRuns, type Sign, useMatrix, useOrder, useVariations } from "./data";
import { useShotGroups } from "./shot_groups";

const SIGNS: { key: Sign; title: string }[] = [{ key: "positive", title: "positive samples" }, { key: "negative", title: "negative samples" }];

export function Variation({ job, runs }: { job: Job; runs: JobRuns }) {
  const multi = Object.keys(job.summary[0]?.metrics ?? {}).some((name) => name.includes("mean_average_precision"));
  const sign: Sign = multi ? (query.value.get("sign") === "negative" ? "negative" : "positive") : "";
  const asked = Number(query.value.get("epoch"));
  const epoch = asked > 0 ? Math.min(asked, runs.epoch) : runs.epoch;
  const choose = (next: number | null) => setQuery({ epoch: next });
  if (!runs.epoch) return <Empty>The loss variations come with the first epoch.</Empty>;
  return (
    <>
      <section class="panel">
        <p class="quiet small">
          (l′ − l) / l: the loss after the perturbation against the loss before it, by class. Above zero (orange) the method makes a class harder, which gives it margin (positive augmentation); below zero (blue) it makes it easier.
        </p>
        <div class="row spread">
          <EpochChoice epoch={epoch} last={runs.epoch} choose={choose} />
          {multi && (
            <select aria-label="Samples" value={sign} onChange={(event) => setQuery({ sign: event.currentTarget.value })}>
              {SIGNS.map((each) => <option key={each.key} value={each.key}>{each.title}</option>)}
            </select>
          )}
        </div>
        <AllPoints job={job} runs={runs} epoch={epoch} sign={sign} />
      </section>
      <OneRun job={job} runs={runs} epoch={epoch} sign={sign} choose={choose} />
    </>
  );
}

/** Means over the seeds of a point, class by class. */
export function pointMeans(point: PointRuns, values: ClassValues): { mean: (number | null)[]; std: (number | null)[] } {
  const rows = point.runs.flatMap((run) => (values.byRun.has(run.id) ? [values.byRun.get(run.id)!] : []));
  const stats = values.counts.map((_, c) => statistic(rows.map((row) => row[c])));
  return { mean: stats.map((each) => each.mean), std: stats.map((each) => each.std) };
}

function AllPoints({ job, runs, epoch, sign }: { job: Job; runs: JobRuns; epoch: number; sign: Sign }) {
  const variations = useVariations(job, epoch, sign);
  return <Shown of={variations} what="The loss variations">{(values) => <PointBars job={job} runs={runs} values={values} epoch={epoch} sign={sign} />}</Shown>;
}

function PointBars({ job, runs, values, epoch, sign }: { job: Job; runs: JobRuns; values: ClassValues; epoch: number; sign: Sign }) {
  const order = useOrder(values.counts);
  const groups = useShotGroups(job, order.map((c) => values.counts[c] ?? 0));
  const bars = runs.points.map((point) => {
    const means = pointMeans(point, values);
    return { name: point.name, method: point.method, values: order.map((c) => means.mean[c] ?? null), deviation: order.map((c) => means.std[c] ?? null) };
  }).filter((each) => each.values.some((value) => value !== null));
  if (!bars.length) return <Empty>No run has got to this epoch.</Empty>;
  return (
    <Bars
      title={`Relative loss variation by class, epoch ${epoch}${sign ? `, ${sign} samples` : ""}`} level={2} yTitle="relative loss variation, %" scale={100} height={330}
      labels={order.map((c) => values.classes[c] ?? String(c))} counts={order.map((c) => values.counts[c] ?? 0)} bars={bars} groups={groups} bySign={bars.length === 1}
    />
  );
}

function runsOf(runs: JobRuns): { run: Run; title: string }[] {
  return runs.points.flatMap((point) => point.runs.filter((run) => run.epoch > 0).map((run) => ({ run, title: `${point.name}, seed ${run.seed}` })));
}

function OneRun({ job, runs, epoch, sign, choose }: { job: Job; runs: JobRuns; epoch: number; sign: Sign; choose: (epoch: number | null) => void }) {
  const choices = runsOf(runs);
  const perturbed = choices.find((each) => /lpl/.test(each.title)) ?? choices[0];
  const chosen = choices.find((each) => each.run.id === query.value.get("run")) ?? perturbed;
  const variations = useMatrix(chosen?.run ?? null, "loss-variations", sign ? `sign=${sign}` : "");
  const facts = useVariations(job, epoch, sign);
  if (!chosen) return null;
  const picker = (
    <select aria-label="Run" value={chosen.run.id} onChange={(event) => setQuery({ run: event.currentTarget.value })}>
      {choices.map((each) => <option key={each.run.id} value={each.run.id}>{each.title}</option>)}
    </select>
  );
  return (
    <section class="panel">
      <Shown of={variations} what="The run's loss variations">
        {(matrix) => (facts.value ? <ClassByEpoch key={chosen.run.id} run={chosen.run} title={chosen.title} matrix={matrix} facts={facts.value} epoch={epoch} choose={choose} picker={picker} /> : null)}
      </Shown>
    </section>
  );
}

interface ClassByEpochProperties {
  run: Run;
  title: string;
  matrix: Matrix;
  facts: ClassValues;
  epoch: number;
  choose: (epoch: number | null) => void;
  picker: preact.ComponentChildren;
}

function ClassByEpoch({ run, title, matrix, facts, epoch, choose, picker }: ClassByEpochProperties) {
  const order = useOrder(facts.counts);
  const [hovered, setHovered] = useState<{ place: number; at: number } | null>(null);
  const named = Number(query.value.get("class") ?? NaN);
  const chosen = Number.isInteger(named) && named >= 0 && named < facts.counts.length ? named : (order.at(-1) ?? 0);
  const onCell = (cell: { place: number; at: number } | null, pressed: boolean) => {
    setHovered(cell);
    if (!pressed || !cell) return;
    setQuery({ class: order[cell.place] ?? 0 });
    choose(matrix.epochs[cell.at] ?? null);
  };
  if (!matrix.epochs.length) return <Empty>This run has no loss variations yet.</Empty>;
  return (
    <div class="signature">
      <Heat
        title={`Class by epoch: relative loss variation of ${title}`} level={2} matrix={matrix} order={order} classes={facts.classes} counts={facts.counts} epoch={epoch}
        onCell={onCell} controls={picker}
      />
      <Readout facts={facts} matrix={matrix} order={order} cell={hovered} />
      <OneClass run={run} matrix={matrix} facts={facts} order={order} chosen={chosen} epoch={epoch} />
    </div>
  );
}

function Readout({ facts, matrix, order, cell }: { facts: ClassValues; matrix: Matrix; order: number[]; cell: { place: number; at: number } | null }) {
  if (!cell) return <p class="quiet small readout">Point at a cell for its value; press it to see the class's curve below and to go to the epoch.</p>;
  const c = order[cell.place] ?? 0;
  const value = matrix.values[cell.at * matrix.classes + c] ?? NaN;
  return (
    <p class="small readout">
      <strong>{facts.classes[c]}</strong> ({number(facts.counts[c])} training examples, rank {cell.place + 1} of {order.length}), epoch {matrix.epochs[cell.at]}: <strong>{Number.isNaN(value) ? "undefined" : percent(value, 2)}</strong>
      {!Number.isNaN(value) && (value > 0 ? " (made harder)" : value < 0 ? " (made easier)" : "")}
    </p>
  );
}

/** One class over time: its loss variation, and q, epsilon and sign where the method is LPL. */
function OneClass({ run, matrix, facts, order, chosen, epoch }: { run: Run; matrix: Matrix; facts: ClassValues; order: number[]; chosen: number; epoch: number }) {
  const q = useMatrix(run, "class-metrics", "name=lpl/q");
  const epsilon = useMatrix(run, "class-metrics", "name=lpl/epsilon");
  const sign = useMatrix(run, "class-metrics", "name=lpl/sign");
  const column = (of: Matrix) => of.epochs.map((_, e) => { const value = of.values[e * of.classes + chosen] as number; return Number.isNaN(value) ? null : value; });
  const name = facts.classes[chosen] ?? String(chosen);
  const line = (title: string, of: Matrix, method: string) => ({ name: title, method, x: of.epochs, mean: column(of) });
  const mark = { x: epoch, label: `epoch ${epoch}` };
  const at = matrix.epochs.indexOf(epoch);
  const q0 = q.value, e0 = epsilon.value, s0 = sign.value;
  return (
    <>
      <div class="row">
        <h3>Class</h3>
        <select aria-label="Class" value={chosen} onChange={(event) => setQuery({ class: event.currentTarget.value })}>
          {order.map((c) => <option key={c} value={c}>{facts.classes[c]} ({facts.counts[c]})</option>)}
        </select>
        {s0 && at >= 0 && <Augmented sign={s0} epsilon={e0} q={q0} at={at} chosen={chosen} />}
      </div>
      <div class="columns">
        <Lines title={`Relative loss variation of ${name}`} xTitle="epoch" yTitle="relative loss variation, %" scale={100} lines={[line("relative loss variation", matrix, "lpl")]} height={220} mark={mark} group={run.id} />
        {q0 && <Lines title={`q of ${name}: mean predicted probability of its class`} xTitle="epoch" yTitle="q" lines={[line("q", q0, "cross_entropy")]} height={220} mark={mark} group={run.id} />}
        {e0 && s0 && <Lines title={`Signed bound of ${name}`} xTitle="epoch" yTitle="sign × epsilon" lines={[{ name: "sign × epsilon", method: "logit_adjustment", x: e0.epochs, mean: signed(column(e0), column(s0)) }]} height={220} mark={mark} group={run.id} />}
      </div>
    </>
  );
}

const signed = (bound: (number | null)[], sign: (number | null)[]) => bound.map((value, i) => (value === null || sign[i] === null || sign[i] === undefined ? null : value * (sign[i] as number)));

function Augmented({ sign, epsilon, q, at, chosen }: { sign: Matrix; epsilon: Matrix | null; q: Matrix | null; at: number; chosen: number }) {
  const of = (matrix: Matrix | null) => (matrix ? matrix.values[at * matrix.classes + chosen] : undefined);
  const direction = of(sign);
  if (direction === undefined || Number.isNaN(direction)) return null;
  return (
    <span class="small quiet">
      {direction > 0 ? "positively augmented (its loss is raised)" : direction < 0 ? "negatively augmented (its loss is lowered)" : "left as it is"}, epsilon {number(of(epsilon), 3)}, q {number(of(q), 3)}
    </span>
  );
}
