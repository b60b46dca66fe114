// How much of the order of the trials one parameter explains by itself: simple measures that are what they are called.
import { type Measured, type Parameter, type Searching, placeOn, ranked } from "./reading";

export interface Importance {
  parameter: Parameter;
  /** Share of the variance of ranks that the means of the parameter's bins explain, less what chance would; null: too few. */
  explained: number | null;
  /** Spearman's rank correlation with how good a trial is; null for choices. */
  correlation: number | null;
  bins: number;
  trials: number;
}

const MOST_BINS = 4;
const FEWEST_IN_BIN = 3;
/** Fewer trials than these say nothing. */
export const FEWEST_TRIALS = 8;

export function importances(search: Searching): Importance[] {
  const best = ranked(search.trials, search.metric);
  const rank = new Map(best.map((trial, i) => [trial.number, best.length - i]));
  const each = search.parameters.map((parameter) => importance(parameter, best, rank));
  return each.sort((a, b) => (b.explained ?? -1) - (a.explained ?? -1));
}

function importance(parameter: Parameter, trials: Measured[], rank: Map<number, number>): Importance {
  const pairs = trials.flatMap((trial) => {
    const at = placeOn(trial, parameter);
    return at === null ? [] : [{ at, rank: rank.get(trial.number) as number }];
  });
  const bins = parameter.range ? quantiles(pairs) : groups(pairs);
  const enough = pairs.length >= FEWEST_TRIALS && bins.length > 1;
  return {
    parameter,
    explained: enough ? explained(bins) : null,
    correlation: enough && parameter.range ? correlation(ranks(pairs.map((pair) => pair.at)), ranks(pairs.map((pair) => pair.rank))) : null,
    bins: bins.length,
    trials: pairs.length,
  };
}

interface Pair {
  at: number;
  rank: number;
}

function groups(pairs: Pair[]): number[][] {
  const found = new Map<number, number[]>();
  for (const { at, rank } of pairs) found.set(at, [...(found.get(at) ?? []), rank]);
  return [...found.values()];
}

/** Bins of about as many trials each; equal values stay together. */
function quantiles(pairs: Pair[]): number[][] {
  const count = Math.min(MOST_BINS, Math.floor(pairs.length / FEWEST_IN_BIN));
  if (count < 2) return [];
  const places = ranks(pairs.map((pair) => pair.at));
  const bins: number[][] = Array.from({ length: count }, () => []);
  pairs.forEach(({ rank }, i) => bins[Math.min(count - 1, Math.floor(((places[i] as number) - 0.5) / pairs.length * count))]!.push(rank));
  return bins.filter((bin) => bin.length);
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const squares = (values: number[], around: number) => values.reduce((sum, value) => sum + (value - around) ** 2, 0);

/** Epsilon squared (Kelley 1935): eta squared less what as many bins explain of noise. */
function explained(bins: number[][]): number {
  const all = bins.flat();
  const total = squares(all, mean(all));
  const within = bins.reduce((sum, bin) => sum + squares(bin, mean(bin)), 0);
  const left = all.length - bins.length;
  if (!total || left < 1) return 0;
  return Math.max(0, 1 - within / left / (total / (all.length - 1)));
}

/** Ranks from 1, ties at their mean. */
function ranks(values: number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 + 1);
}

function correlation(a: number[], b: number[]): number | null {
  const [x, y] = [mean(a), mean(b)];
  const both = a.reduce((sum, value, i) => sum + (value - x) * ((b[i] as number) - y), 0);
  const size = Math.sqrt(squares(a, x) * squares(b, y));
  return size ? both / size : null;
}
