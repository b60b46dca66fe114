// The relative loss variation, the paper's own view of a method: which classes are made harder and which easier.
// Above, all points at one epoch by class rank; below, one run over all epochs, with what LPL did to each class.
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Bars } from "../../charts/bars";
import { Heat } from "../../charts/heat";
import { type Line, Lines } from "../../charts/lines";
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

/** The points' bars at one epoch. */
export function AllPoints({ job, runs, epoch, sign }: { job: Job; runs: JobRuns; epoch: number; sign: Sign }) {
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

export function runsOf(runs: JobRuns): { run: Run; title: string }[] {
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
        {(matrix) => (facts.value ? <ClassByEpoch key={chosen.run.id} job={job} run={chosen.run} title={chosen.title} matrix={matrix} facts={facts.value} epoch={epoch} choose={choose} picker={picker} /> : null)}
      </Shown>
    </section>
  );
}

interface OneRunProperties {
  job: Job;
  run: Run;
  title: string;
  matrix: Matrix;
  facts: ClassValues;
  epoch: number;
  choose: (epoch: number | null) => void;
  picker: ComponentChildren;
}

/** What the picture may show of a class at an epoch. */
const PICTURES = [
  { key: "", title: "relative loss variation", scale: "diverging", times: 100 },
  { key: "bound", title: "signed bound (sign × epsilon)", scale: "diverging", times: 1 },
  { key: "q", title: "q, the mean probability of the class", scale: "sequential", times: 100 },
  { key: "accuracy", title: "test accuracy", scale: "sequential", times: 100 },
] as const;

function ClassByEpoch(properties: OneRunProperties) {
  const { run, title, matrix, facts, epoch, choose, picker } = properties;
  const order = useOrder(facts.counts);
  const [hovered, setHovered] = useState<{ place: number; at: number } | null>(null);
  const series = useLplSeries(run);
  const chosen = chosenClass(facts, order);
  const pictures = PICTURES.filter((each) => !each.key || series[each.key]?.epochs.length);
  const picture = pictures.find((each) => each.key === query.value.get("show")) ?? PICTURES[0];
  const shown = picture.key ? (series[picture.key] as Matrix) : matrix;
  const onCell = (cell: { place: number; at: number } | null, pressed: boolean) => {
    setHovered((before) => (before?.place === cell?.place && before?.at === cell?.at ? before : cell));
    if (!pressed || !cell) return;
    setQuery({ class: order[cell.place] ?? 0 });
    choose(shown.epochs[cell.at] ?? null);
  };
  if (!matrix.epochs.length) return <Empty>This run has no loss variations yet.</Empty>;
  const controls = (
    <>
      <select aria-label="What is shown" value={picture.key} onChange={(event) => setQuery({ show: event.currentTarget.value || null })}>
        {pictures.map((each) => <option key={each.key} value={each.key}>{each.title}</option>)}
      </select>
      {picker}
    </>
  );
  const seen = hovered ? (order[hovered.place] ?? chosen) : chosen;
  return (
    <>
      <Heat
        title={`Class by epoch: ${picture.title}, ${title}`} level={2} matrix={shown} order={order} classes={facts.classes} counts={facts.counts} epoch={epoch}
        place={order.indexOf(chosen)} scale={picture.scale} times={picture.times} onCell={onCell} controls={controls}
      />
      <Readout facts={facts} matrix={shown} order={order} cell={hovered} times={picture.times} signed={picture.key === ""} />
      <OneClass {...properties} series={series} order={order} chosen={seen} />
    </>
  );
}

function chosenClass(facts: ClassValues, order: number[]): number {
  const named = Number(query.value.get("class") ?? NaN);
  return Number.isInteger(named) && named >= 0 && named < facts.counts.length ? named : (order.at(-1) ?? 0);
}

interface Series {
  q: Matrix | null;
  epsilon: Matrix | null;
  sign: Matrix | null;
  bound: Matrix | null;
  accuracy: Matrix | null;
}

/** What LPL did to each class, where the run's method is LPL, and how well each class did. */
function useLplSeries(run: Run): Series {
  const q = useMatrix(run, "class-metrics", "name=lpl/q").value;
  const epsilon = useMatrix(run, "class-metrics", "name=lpl/epsilon").value;
  const sign = useMatrix(run, "class-metrics", "name=lpl/sign").value;
  const accuracy = useMatrix(run, "class-metrics", "name=test/accuracy").value;
  const bound = useMemo(() => (epsilon && sign && epsilon.values.length === sign.values.length ? { ...epsilon, values: epsilon.values.map((value, i) => value * (sign.values[i] as number)) } : null), [epsilon, sign]);
  return { q, epsilon, sign, bound, accuracy };
}

interface ReadoutProperties {
  facts: ClassValues;
  matrix: Matrix;
  order: number[];
  cell: { place: number; at: number } | null;
  times: number;
  signed: boolean;
}

function Readout({ facts, matrix, order, cell, times, signed }: ReadoutProperties) {
  if (!cell) return <p class="quiet small readout">Point at a cell for its value and the class's curves; press it to keep the class and go to the epoch.</p>;
  const c = order[cell.place] ?? 0;
  const value = matrix.values[cell.at * matrix.classes + c] ?? NaN;
  const effect = value > 0 ? " (made harder)" : value < 0 ? " (made easier)" : "";
  return (
    <p class="small readout">
      <strong>{facts.classes[c]}</strong> ({number(facts.counts[c])} training examples, rank {cell.place + 1} of {order.length}), epoch {matrix.epochs[cell.at]}:{" "}
      <strong>{Number.isNaN(value) ? "undefined" : times === 100 ? percent(value, 2) : number(value)}</strong>{signed && effect}
    </p>
  );
}

/** One class over time: its loss variation, and q, tau, epsilon and sign where the method is LPL. */
function OneClass({ job, run, matrix, facts, order, chosen, epoch, series }: OneRunProperties & { series: Series; order: number[]; chosen: number }) {
  const name = facts.classes[chosen] ?? String(chosen);
  const { q, bound } = series;
  const drawn = (title: string, yTitle: string, lines: Line[], scale = 1) => (
    <Lines title={title} xTitle="epoch" yTitle={yTitle} lines={lines} scale={scale} height={220} mark={epoch} group={run.id} />
  );
  const line = (title: string, method: string, of: Matrix) => ({ name: title, method, x: of.epochs, mean: column(of, chosen) });
  const byPerformance = JSON.stringify(run.point).includes('"performance"') || JSON.stringify(job.spec).includes('"split":"performance"');
  return (
    <>
      <div class="row">
        <h3>Class</h3>
        <select aria-label="Class" value={chosen} onChange={(event) => setQuery({ class: event.currentTarget.value })}>
          {order.map((c) => <option key={c} value={c}>{facts.classes[c]} ({facts.counts[c]})</option>)}
        </select>
        <Augmented series={series} at={matrix.epochs.indexOf(epoch)} chosen={chosen} rank={order.indexOf(chosen) + 1} />
      </div>
      <div class="columns three">
        {drawn(`Relative loss variation of ${name}`, "relative loss variation, %", [line("relative loss variation", "lpl", matrix)], 100)}
        {q && q.epochs.length > 0 && drawn(`q of ${name}, the mean probability of its class`, "q", [line("q", "cross_entropy", q), ...(byPerformance ? [{ name: "tau, the mean of q", method: "focal", x: q.epochs, mean: rowMeans(q) }] : [])])}
        {bound && bound.epochs.length > 0 && drawn(`Signed bound of ${name}`, "sign × epsilon", [line("sign × epsilon", "logit_adjustment", bound)])}
      </div>
    </>
  );
}

function column(of: Matrix, c: number): (number | null)[] {
  return of.epochs.map((_, e) => {
    const value = of.values[e * of.classes + c] as number;
    return Number.isNaN(value) ? null : value;
  });
}

function rowMeans(of: Matrix): (number | null)[] {
  return of.epochs.map((_, e) => statistic([...of.values.subarray(e * of.classes, (e + 1) * of.classes)]).mean);
}

function Augmented({ series, at, chosen, rank }: { series: Series; at: number; chosen: number; rank: number }) {
  const of = (matrix: Matrix | null) => (matrix && at >= 0 ? matrix.values[at * matrix.classes + chosen] : undefined);
  const direction = of(series.sign);
  if (direction === undefined || Number.isNaN(direction)) return <span class="small quiet">rank {rank}</span>;
  return (
    <span class="small quiet">
      rank {rank}: {direction > 0 ? "positively augmented (its loss is raised)" : direction < 0 ? "negatively augmented (its loss is lowered)" : "left as it is"}; epsilon {number(of(series.epsilon), 3)}, q {number(of(series.q), 3)}
    </span>
  );
}
