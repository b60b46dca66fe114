// A search as a page shows it: its parameters as axes, its rungs, its trials in their order and which of them is better.
import { metric, type Metric } from "../../parts/metrics";
import { number, percent } from "../../parts/format";
import { pointName } from "../../parts/points";
import type { Job, Search, Trial } from "../../service/types";

type Fields = Record<string, unknown>;

/** What a search varies: a number of a range, or one of some values. */
export interface Parameter {
  field: string;
  name: string;
  /** Null where it is one of `choices`. */
  range: { low: number; high: number; log: boolean } | null;
  choices: string[];
}

export interface Searching {
  sampler: string;
  metric: Metric;
  parameters: Parameter[];
  /** Epochs of each rung; the last is the whole training. */
  rungs: number[];
  halves: boolean;
  thenSeeds: number[];
  trials: Trial[];
  finalists: Search["finalists"];
  best: Trial | null;
}

/** The search of a job; null where it is none. */
export function searching(job: Job): Searching | null {
  const asked = job.spec.search as Fields | null | undefined;
  const { search } = job;
  if (!asked || !search) return null;
  const epochs = Number(job.spec.epochs);
  return {
    sampler: String(asked.sampler),
    metric: metric(String(asked.metric ?? "validation/top1_error")),
    parameters: Object.entries(asked.space as Fields).map(([field, space], _, all) => parameter(field, space, all.map(([each]) => each))),
    rungs: rungsOf(asked.halving as { min_epochs: number; factor: number } | null, epochs),
    halves: asked.halving !== null && asked.halving !== undefined,
    thenSeeds: (asked.then_seeds as number[] | undefined) ?? [],
    trials: search.trials,
    finalists: search.finalists,
    best: search.trials.find((trial) => trial.run === search.best?.run) ?? null,
  };
}

function parameter(field: string, space: unknown, all: string[]): Parameter {
  const name = shortName(field, all);
  if (Array.isArray(space)) return { field, name, range: null, choices: space.map(valueName) };
  const { low, high, log } = space as { low: number; high: number; log?: boolean };
  return { field, name, range: { low, high, log: Boolean(log) }, choices: [] };
}

/** The end of a path that no other one has. */
function shortName(field: string, all: string[]): string {
  const steps = field.split(".");
  for (let from = steps.length - 1; from > 0; from -= 1) {
    const end = steps.slice(from).join(".");
    if (!/^\d+$/.test(steps[from] as string) && all.filter((each) => each === end || each.endsWith(`.${end}`)).length === 1) return end.replaceAll("_", " ");
  }
  return field.replaceAll("_", " ");
}

export const valueName = (value: unknown): string => (typeof value === "number" ? number(value) : pointName({ method: value }, "default"));

function rungsOf(halving: { min_epochs: number; factor: number } | null | undefined, epochs: number): number[] {
  const rungs: number[] = [];
  for (let at = halving?.min_epochs ?? epochs; halving && at < epochs; at *= halving.factor) rungs.push(at);
  return [...rungs, epochs];
}

/** What a trial has of a parameter. */
export const valueAt = (trial: Trial, { field }: Parameter): unknown => trial.point[field];

/** Where on a parameter's axis a trial is, from 0 to 1; null where it is not on it. */
export function placeOn(trial: Trial, { field, range, choices }: Parameter): number | null {
  const value = trial.point[field];
  if (!range) {
    const at = choices.indexOf(valueName(value));
    return at < 0 ? null : choices.length < 2 ? 0.5 : at / (choices.length - 1);
  }
  if (typeof value !== "number") return null;
  const along = (x: number) => (range.log ? Math.log(x) : x);
  return (along(value) - along(range.low)) / (along(range.high) - along(range.low) || 1);
}

export const shownValue = (value: number | null, of: Metric): string => (of.fraction ? percent(value, 2) : number(value));

export interface Measured extends Trial {
  value: number;
  rung: number;
}

/** Trials that have a value. */
export const measured = (trials: Trial[]): Measured[] => trials.filter((trial): trial is Measured => trial.value !== null && trial.rung !== null);

/** The best first, as halving has it: who has come further is ahead, then whose value is better. */
export function ranked(trials: Trial[], { lower }: Metric): Measured[] {
  const sign = lower ? 1 : -1;
  return measured(trials).sort((a, b) => b.rung - a.rung || sign * (a.value - b.value) || a.number - b.number);
}

export const STATES: Record<Trial["state"], string> = {
  open: "waits or is trained",
  at_rung: "waits at a rung",
  succeeded: "trained to the end",
  failed: "failed",
  cancelled: "cancelled",
  pruned: "went no further",
};

/** "3 of 4 (20 epochs)". */
export function rungName(rung: number | null, rungs: number[]): string {
  return rung === null ? "none yet" : `${rung} of ${rungs.length} (${rungs[rung - 1] ?? "?"} epochs)`;
}

/** Numbers on the page count from 1. */
export const trialName = (trial: Pick<Trial, "number">): string => String(trial.number + 1);
