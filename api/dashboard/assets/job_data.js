// What a job page reads of its runs: a number of requests that does not grow with them. Answers are kept by ETag.
import { get } from "./api.js";
import { distinctNames, pointKey } from "./points.js";

const MOST_RUNS = 1000;

// Runs, up to a limit, the current ones by sweep point, and how many there are beyond the limit.
export async function loadRuns(job) {
  const complete = job.runs_total <= job.runs.length;
  const runs = complete ? job.runs : (await get(`/v1/jobs/${job.id}/runs?limit=${MOST_RUNS}`)).items;
  const replaced = new Set(runs.map((run) => run.retry_of).filter(Boolean));
  const current = runs.filter((run) => !replaced.has(run.id));
  const points = new Map();
  for (const run of current) {
    const key = pointKey(run.point);
    if (!points.has(key)) points.set(key, { key, point: run.point, runs: [] });
    points.get(key).runs.push(run);
  }
  const names = distinctNames([...points.values()].map((each) => each.point), job.methods.join(", "));
  return {
    runs,
    points: [...points.values()].map((each, i) => ({ ...each, name: names[i] })),
    beyond: Math.max(0, job.runs_total - runs.length),
    epoch: Math.max(0, ...current.map((run) => run.epoch)),
  };
}

// Names of the metrics that a run has.
export async function metricNames(runs) {
  const measured = runs.find((run) => run.epoch > 0);
  if (!measured) return [];
  const { metrics } = await get(`/v1/runs/${measured.id}/metrics?after_epoch=${measured.epoch - 1}`);
  return Object.keys(metrics);
}

const byRun = (answer) => new Map(answer.items.map((item) => [item.run, item]));

// Curves of one metric by run.
export async function readCurves(job, name) {
  const query = new URLSearchParams({ names: name, limit: String(MOST_RUNS) });
  const answer = await get(`/v1/jobs/${job.id}/metrics?${query}`);
  return new Map(answer.items.map((item) => [item.run, item.metrics[name]]));
}

// Loss variation and quality per class at one epoch, by run.
export async function readClasses(job, epoch) {
  const query = `epoch=${epoch}&limit=${MOST_RUNS}`;
  const variation = await get(`/v1/jobs/${job.id}/loss-variations?${query}`);
  const signs = variation.items.some((item) => item.positive) ? ["positive", "negative"] : ["relative_loss_variation"];
  const name = signs.length > 1 ? "test/average_precision" : "test/accuracy";
  const quality = await get(`/v1/jobs/${job.id}/class-metrics?name=${name}&${query}`);
  return { signs, variation: byRun(variation), quality: byRun(quality) };
}
