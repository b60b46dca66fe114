// What a job's page reads of its runs: as many requests for 300 runs as for 3.
import { useMemo, useRef } from "preact/hooks";
import { type Matrix, get, joined, matrix } from "../../service/http";
import { readAll } from "../../service/pages";
import { type Resource, ofJob, useReading } from "../../service/resource";
import type { LiveEvent } from "../../service/live_worker";
import type { Job, JobClassMetrics, JobLossVariations, JobMetrics, Run } from "../../service/types";
import { byFrequency } from "../../parts/frequency";
import { ENDED } from "../../parts/run_states";
import { type Point, distinctNames, methodOf, pointKey } from "../../parts/points";

const PAGE = 1000;

/** A sweep point with its current runs, by seed. */
export interface PointRuns {
  key: string;
  point: Point;
  name: string;
  method: string;
  runs: Run[];
}

export interface JobRuns {
  /** All runs, retried ones too. */
  all: Run[];
  points: PointRuns[];
  /** The latest epoch of any run. */
  epoch: number;
}

export function useRuns(job: Job): Resource<JobRuns> {
  const complete = job.runs_total <= job.runs.length;
  const read = async (signal: AbortSignal) => {
    const all = complete ? job.runs : await readAll<Run>(`/v1/jobs/${job.id}/runs?limit=${PAGE}`, signal);
    return grouped(job, all);
  };
  // The job has its first runs in itself; where it has more, all are read with every event.
  const version = complete ? job.runs.map((run) => `${run.id}${run.state}${run.requested}${run.epoch}`).join() : "";
  return useReading(`${job.id} runs ${version}`, read, { about: complete ? undefined : ofJob(job.id), keep: true });
}

function grouped(job: Job, all: Run[]): JobRuns {
  const replaced = new Set(all.map((run) => run.retry_of).filter(Boolean));
  const current = all.filter((run) => !replaced.has(run.id));
  const members = new Map<string, Run[]>();
  for (const run of current) {
    const key = pointKey(run.point);
    members.set(key, [...(members.get(key) ?? []), run]);
  }
  const lists = [...members.values()];
  const fallback = job.methods.join(", ");
  const names = distinctNames(lists.map((runs) => runs[0]?.point ?? {}), fallback);
  const points = lists.map((runs, i) => ({
    key: pointKey(runs[0]?.point ?? {}),
    point: runs[0]?.point ?? {},
    name: names[i] as string,
    method: methodOf(runs[0]?.point ?? {}, job.method),
    runs: [...runs].sort((a, b) => a.seed - b.seed),
  }));
  return { all, points, epoch: Math.max(0, ...current.map((run) => run.epoch)) };
}

export interface Curve {
  epoch: number[];
  value: (number | null)[];
}

/** Curves of one metric by run; only what is new is asked for while nothing went back. */
export function useCurves(job: Job, runs: JobRuns, name: string): Resource<Map<string, Curve>> {
  const kept = useRef<{ question: string; curves: Map<string, Curve> }>({ question: "", curves: new Map() });
  const question = `${job.id} ${name}`;
  const about = (event: LiveEvent) => {
    if (!ofJob(job.id)(event)) return false;
    if (event.event === "rewind" || event.event === "reset") kept.current = { question: "", curves: new Map() };
    return true;
  };
  const read = async (signal: AbortSignal) => {
    if (kept.current.question !== question) kept.current = { question, curves: new Map() };
    const { curves } = kept.current;
    const open = runs.points.flatMap((point) => point.runs).filter((run) => !ENDED.includes(run.state) || !curves.has(run.id));
    const from = open.length ? Math.min(...open.map((run) => curves.get(run.id)?.epoch.at(-1) ?? 0)) : 0;
    const items = await readAll<JobMetrics["items"][number]>(`/v1/jobs/${job.id}/metrics?names=${encodeURIComponent(name)}&after_epoch=${from}&limit=${PAGE}`, signal);
    const fresh = new Map(curves);
    for (const item of items) {
      const more = item.metrics[name];
      if (more) fresh.set(item.run, extended(curves.get(item.run), more));
    }
    kept.current = { question, curves: fresh };
    return fresh;
  };
  return useReading(question, read, { about, keep: true });
}

function extended(before: Curve | undefined, more: Curve): Curve {
  const last = before?.epoch.at(-1) ?? 0;
  const from = more.epoch.findIndex((epoch) => epoch > last);
  if (!before || from < 0) return before ?? more;
  return { epoch: [...before.epoch, ...more.epoch.slice(from)], value: [...before.value, ...more.value.slice(from)] };
}

/** Names of the metrics that the job's runs have. */
export function useMetricNames(runs: JobRuns): string[] {
  const measured = runs.points.flatMap((point) => point.runs).find((run) => run.epoch > 0);
  const names = useReading(measured ? `names ${measured.id}` : null, async (signal) => {
    const answer = await get<{ metrics: Record<string, Curve> }>(`/v1/runs/${measured?.id}/metrics?after_epoch=${(measured?.epoch ?? 1) - 1}`, signal);
    return Object.keys(answer.metrics);
  });
  return names.value ?? [];
}

/** Per-class values of one epoch by run: loss variations or a class metric. */
export interface ClassValues {
  classes: string[];
  counts: number[];
  byRun: Map<string, (number | null)[]>;
}

export type Sign = "" | "positive" | "negative";

export function useVariations(job: Job, epoch: number, sign: Sign): Resource<ClassValues> {
  const read = async (signal: AbortSignal) => {
    const items = await readAll<JobLossVariations["items"][number]>(`/v1/jobs/${job.id}/loss-variations?epoch=${epoch}&limit=${PAGE}`, signal);
    return classValues(items, (item) => (sign ? item[sign] : item.relative_loss_variation)?.[0]);
  };
  return useReading(epoch ? `${job.id} variations ${epoch} ${sign}` : null, read, { keep: true });
}

export function useClassMetric(job: Job, name: string, epoch: number): Resource<ClassValues> {
  const read = async (signal: AbortSignal) => {
    const items = await readAll<JobClassMetrics["items"][number]>(`/v1/jobs/${job.id}/class-metrics?name=${encodeURIComponent(name)}&epoch=${epoch}&limit=${PAGE}`, signal);
    return classValues(items, (item) => item.values[0]);
  };
  return useReading(epoch ? `${job.id} ${name} ${epoch}` : null, read, { keep: true });
}

type Classed = { run: string; classes: string[]; class_counts: number[] };

function classValues<T extends Classed>(items: T[], pick: (item: T) => (number | null)[] | null | undefined): ClassValues {
  const known = items.find((item) => item.classes.length);
  const byRun = new Map<string, (number | null)[]>();
  for (const item of items) {
    const values = pick(item);
    if (values) byRun.set(item.run, values);
  }
  return { classes: known?.classes ?? [], counts: known?.class_counts ?? [], byRun };
}

/** A run's series over all epochs as float32; while it trains only new epochs are asked for. */
export function useMatrix(run: Run | null, route: string, query: string): Resource<Matrix> {
  const kept = useRef<{ question: string; matrix: Matrix | null }>({ question: "", matrix: null });
  const question = run ? `/v1/runs/${run.id}/${route}?${query}` : null;
  const about = (event: LiveEvent) => {
    if (!run || !ofJob(run.job)(event)) return false;
    if (event.event === "rewind" || event.event === "reset") kept.current = { question: "", matrix: null };
    return true;
  };
  const read = async (signal: AbortSignal) => {
    if (kept.current.question !== question) kept.current = { question: question ?? "", matrix: null };
    const before = kept.current.matrix;
    const from = before?.epochs.at(-1) ?? 0;
    const more = await matrix(`${question}${query ? "&" : ""}${from ? `after_epoch=${from}` : ""}`, signal);
    const whole = before ? joined(before, more) : more;
    kept.current.matrix = whole;
    return whole;
  };
  return useReading(question, read, run && !ENDED.includes(run.state) ? { about } : {});
}

/** Classes by how often they are trained on, most frequent first. */
export function useOrder(counts: number[]): number[] {
  const key = counts.join();
  return useMemo(() => byFrequency(counts), [key]);
}
