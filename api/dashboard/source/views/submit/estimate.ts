// About how long it will take, by a run that has finished with the same network on the same data; nothing without one.
import { get } from "../../service/http";
import { type Resource, useReading } from "../../service/resource";
import type { JobList, JobMetrics, Validation } from "../../service/types";
import { complete } from "./checking";
import { read } from "./paths";

export interface Basis {
  job: { id: string; name: string };
  examplesPerSecond: number;
}

const SPEED = "train/examples_per_second";

async function basis(dataset: string, model: string, signal: AbortSignal): Promise<Basis | null> {
  const jobs = await get<JobList>(`/v1/jobs?state=succeeded&dataset=${encodeURIComponent(dataset)}&limit=20`, signal);
  const job = jobs.items.find((each) => each.models.length === 1 && each.models[0] === model);
  if (!job) return null;
  const metrics = await get<JobMetrics>(`/v1/jobs/${job.id}/metrics?names=${SPEED}&limit=1`, signal);
  const speeds = (metrics.items[0]?.metrics[SPEED]?.value ?? []).filter((value): value is number => typeof value === "number").sort((a, b) => a - b);
  const median = speeds[Math.floor(speeds.length / 2)];
  return median ? { job: { id: job.id, name: job.name }, examplesPerSecond: median } : null;
}

export function useBasis(): Resource<Basis | null> {
  const dataset = read(complete.value, "dataset.name");
  const model = read(complete.value, "model.name");
  const question = typeof dataset === "string" && typeof model === "string" ? `${dataset} ${model}` : null;
  return useReading(question, (signal) => basis(dataset as string, model as string, signal));
}

/** Seconds of training of all runs, one after the other. */
export function seconds(plan: Validation, { examplesPerSecond }: Basis): number {
  const epochs = Number(read(plan.spec, "epochs")) || 0;
  return (plan.runs_total * epochs * plan.num_train) / examplesPerSecond;
}
