// What a job page reads of its runs; answers are kept by the run's epoch, so that only what moved is read again.
import { get } from "./api.js";
import { pointName } from "./dom.js";

const MOST_RUNS = 300;

// All runs (up to a limit), and the current ones by sweep point.
export async function loadRuns(job) {
  let runs = job.runs;
  if (job.runs_total > runs.length) {
    const page = await get(`/v1/jobs/${job.id}/runs?limit=${MOST_RUNS}`);
    runs = page.items;
  }
  const replaced = new Set(runs.map((run) => run.retry_of).filter(Boolean));
  const points = new Map();
  for (const run of runs.filter((r) => !replaced.has(r.id))) {
    const name = pointName(run.point, job.method);
    if (!points.has(name)) points.set(name, { name, runs: [] });
    points.get(name).runs.push(run);
  }
  return { runs, points: [...points.values()] };
}

async function kept(store, run, read) {
  const stamp = `${run.attempt}/${run.epoch}`;
  const known = store.get(run.id);
  if (known?.stamp === stamp) return known.value;
  const value = await read();
  store.set(run.id, { stamp, value });
  return value;
}

export function readCurves(store, run) {
  return kept(store, run, async () => (run.epoch ? (await get(`/v1/runs/${run.id}/metrics`)).metrics : {}));
}

export function readClasses(store, run) {
  const nothing = { classes: [], class_counts: [], epochs: [] };
  return kept(store, run, async () => {
    if (!run.epoch) return { variation: nothing, quality: { epochs: [], values: [] } };
    const variation = await get(`/v1/runs/${run.id}/loss-variations`);
    const name = variation.positive ? "test/average_precision" : "test/accuracy";
    const quality = await get(`/v1/runs/${run.id}/class-metrics?name=${name}`).catch(() => nothing);
    return { variation, quality: { epochs: quality.epochs, values: quality[name] || [] } };
  });
}
