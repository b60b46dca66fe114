// What a comparison says, by side and by metric: names, leads, differences of two.
import { ERROR, PRECISION, metric } from "../../parts/metrics";
import type { Comparison, Pair } from "../../service/types";

/** A side of the comparison that is shown. */
export interface Side {
  /** Place in the answer. */
  place: number;
  /** What the address calls it. */
  key: string;
  /** Unlike that of any other side. */
  name: string;
  /** The name without the data set: unlike that of any other side of the same data set. */
  label: string;
  job: string;
  jobName: string;
  run: string | null;
  runs: string[];
  method: string;
  dataset: string;
  point: Record<string, unknown>;
  seeds: number[];
  missing: number[];
}

export const GROUPS = ["", ".many", ".medium", ".few"];

/** All sides: a run by its identifier, a sweep point by its job and its place among the job's points. */
export function sidesOf(answer: Comparison): Side[] {
  const counts = new Map<string, number>();
  return answer.sides.map((side, place) => {
    const number = counts.get(side.job) ?? 0;
    if (!side.run) counts.set(side.job, number + 1);
    return {
      place,
      key: side.run ?? `${side.job}.${number}`,
      name: side.label,
      label: side.label.endsWith(` (${side.dataset})`) ? side.label.slice(0, -side.dataset.length - 3) : side.label,
      job: side.job,
      jobName: side.job_name || side.job,
      run: side.run,
      runs: side.runs,
      method: side.method,
      dataset: side.dataset,
      point: side.point,
      seeds: side.seeds,
      missing: side.missing_seeds,
    };
  });
}

/** The main metric among those of an answer. */
export function mainOf(answer: Comparison): string {
  return answer.verdict?.metric ?? (answer.metrics[ERROR] ? ERROR : answer.metrics[PRECISION] ? PRECISION : ERROR);
}

export const spreadOf = (answer: Comparison, name: string, side: Side) => answer.metrics[name]?.[side.place] ?? null;

/** a - b on a metric, whichever way round the answer has it. */
export function difference(answer: Comparison, name: string, a: Side, b: Side): Pair | null {
  for (const pair of answer.pairs) {
    if (pair.metric !== name) continue;
    if (pair.a === a.place && pair.b === b.place) return pair;
    if (pair.a === b.place && pair.b === a.place) return turned(pair);
  }
  return null;
}

function turned(pair: Pair): Pair {
  const [low, high] = pair.confidence_interval ?? [0, 0];
  return { ...pair, a: pair.b, b: pair.a, difference: pair.difference === null ? null : -pair.difference, confidence_interval: pair.confidence_interval && [-high, -low] };
}

export interface Lead {
  best: Side;
  next: Side | null;
  /** Best - next. */
  pair: Pair | null;
  /** Whether the best is better beyond the noise. */
  decided: boolean;
}

/** The best by its mean, and what is known of its lead over the second best. Sides of one data set. */
export function lead(answer: Comparison, name: string, sides: Side[]): Lead | null {
  const sign = metric(name).lower ? 1 : -1;
  const mean = (side: Side) => spreadOf(answer, name, side)?.mean ?? null;
  const ranked = sides.filter((side) => mean(side) !== null).sort((a, b) => sign * ((mean(a) as number) - (mean(b) as number)));
  const [best, next] = ranked;
  if (!best) return null;
  const pair = next ? difference(answer, name, best, next) : null;
  const better = pair?.difference !== null && pair?.difference !== undefined && sign * pair.difference < 0;
  return { best, next: next ?? null, pair, decided: Boolean(pair?.decided && better) };
}

export const datasetsOf = (sides: Side[]): string[] => [...new Set(sides.map((side) => side.dataset))];

/** Metric -> the sides that lead it beyond the noise, each among those of its data set. */
export function leaders(answer: Comparison, sides: Side[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const name of Object.keys(answer.metrics)) {
    const leads = datasetsOf(sides).map((dataset) => lead(answer, name, sides.filter((side) => side.dataset === dataset)));
    found.set(name, new Set(leads.filter((each) => each?.decided).map((each) => each!.best.key)));
  }
  return found;
}

/** "+1.20": hundredths of a difference of fractions. */
export function points(value: number | null, digits = 2): string {
  if (value === null) return "–";
  const text = Math.abs(100 * value).toFixed(digits);
  return `${Number(text) === 0 ? "" : value > 0 ? "+" : "−"}${text}`;
}

export function interval(pair: Pair, digits = 2): string {
  const range = pair.confidence_interval;
  return range ? `${points(range[0], digits)} to ${points(range[1], digits)}` : "none";
}
