// One job: its state and what may be asked of it, the result table, curves, loss variations, runs.
import { get, send } from "./api.js";
import { bars, curves } from "./charts.js";
import { bar, h, problem, spread, state, table, time } from "./dom.js";
import { loadRuns, metricNames, readClasses, readCurves } from "./job_data.js";
import { distinctNames } from "./points.js";
import { runsTable } from "./runs_table.js";
import { band, perClass } from "./statistics.js";

// Polled, not streamed: a browser has six connections to a service, and a stream would hold one for each open page.
const POLL_MILLISECONDS = { open: 3000, ended: 15_000 };
const SOON_MILLISECONDS = 500;
const ERROR = { name: "test/top1_error", title: "Error", best: Math.min, worst: Infinity, caption: "Top-1 error" };
const PRECISION = { name: "test/mean_average_precision", title: "mAP", best: Math.max, worst: -Infinity, caption: "Mean average precision" };
const CURVES = [
  ERROR.name, PRECISION.name, "train/loss", "train/base_loss", "test/loss", "train/top1_error", "validation/top1_error",
  "validation/mean_average_precision", "test/micro_f1", "test/macro_f1", "test/ranking_loss", "train/learning_rate",
];
const ENDED = ["succeeded", "failed", "cancelled"];
const ACTIONS = {
  queued: ["pause", "cancel"], running: ["pause", "cancel"], paused: ["resume", "cancel"], failed: ["retry"], cancelled: ["retry"], succeeded: [],
};

export async function jobPage(root, [id]) {
  let job = await get(`/v1/jobs/${id}`);
  const view = { metric: null, epoch: null };
  const parts = Object.fromEntries(["head", "result", "curve", "variation", "quality", "runs"].map((name) => [name, h("div", {})]));
  let stale = false;
  let busy = false;
  let timer = 0;
  let polling = 0;
  let left = false;

  async function draw() {
    const loaded = await loadRuns(job);
    const { runs, beyond } = loaded;
    parts.head.replaceChildren(heading(job, act));
    const note = beyond ? h("p", { class: "quiet" }, `The first ${runs.length} of ${job.runs_total} runs are listed and drawn; the result has all.`) : null;
    parts.runs.replaceChildren(...[note, runsTable(runs, refreshSoon)].filter(Boolean));
    await drawCurves(loaded);
    const precise = [...metric.options].some((option) => option.value === PRECISION.name);
    parts.result.replaceChildren(resultTable(job, precise ? PRECISION : ERROR));
    await drawClasses(loaded);
  }
  async function drawCurves({ runs, points }) {
    const there = new Set(await metricNames(runs));
    offer(CURVES.filter((name) => there.has(name)));
    const shown = metric.value || ERROR.name;
    const curveOf = await readCurves(job, shown);
    const groups = points.map((point) => ({ name: point.name, ...band(point.runs.map((run) => curveOf.get(run.id)).filter(Boolean)) }));
    const fraction = /error|precision|f1/.test(shown);
    parts.curve.replaceChildren(curves(`Learning curves ${shown}`, fraction ? "percent" : shown, groups, fraction ? 100 : 1));
  }
  function offer(names) {
    const options = names.length ? names : [ERROR.name];
    if (options.join() === [...metric.options].map((option) => option.value).join()) return;
    metric.replaceChildren(...options.map((name) => h("option", { value: name }, name)));
    metric.value = options.includes(view.metric) ? view.metric : options[0];
  }
  async function drawClasses(loaded) {
    const { points, epoch: epochs } = loaded;
    const at = Math.min(view.epoch ?? epochs, epochs);
    const { signs, variation, quality } = at ? await readClasses(job, at) : { signs: [], variation: new Map() };
    const any = [...variation.values()].find((item) => item.epochs.length);
    if (!any) {
      parts.variation.replaceChildren(h("p", { class: "quiet" }, "Comes with the first epoch."));
      parts.quality.replaceChildren();
      return;
    }
    const { classes, class_counts: counts } = any;
    const order = counts.map((_, c) => c).sort((a, b) => counts[b] - counts[a] || a - b);
    const labels = order.map((c) => `${classes[c]} (${counts[c]})`);
    const group = (pick) => points.map((point) => {
      const rows = point.runs.map((run) => pick(run.id)).filter(Boolean);
      const means = perClass(rows).map((m) => m.mean);
      return { name: point.name, values: order.map((c) => means[c] ?? null) };
    });
    const slider = h("input", { type: "range", min: 1, max: epochs, step: 1, "aria-label": "epoch" });
    slider.value = String(at);
    slider.addEventListener("change", () => { view.epoch = Number(slider.value) === epochs ? null : Number(slider.value); drawClasses(loaded); });
    const name = (sign) => `Relative loss variation per class${signs.length > 1 ? ` of ${sign} samples` : ""}`;
    parts.variation.replaceChildren(
      ...signs.flatMap((sign) => [
        signs.length > 1 ? h("h3", {}, `${sign} samples`) : null,
        bars(name(sign), "percent", labels, group((run) => variation.get(run)?.[sign]?.[0]), 100),
      ]).filter(Boolean),
      h("div", { class: "row small quiet" }, "epoch", slider, String(at)));
    const title = signs.length > 1 ? "Average precision per class" : "Test accuracy per class";
    parts.quality.replaceChildren(
      h("h2", {}, title), bars(title, "percent", labels, group((run) => quality.get(run)?.values[0]), 100));
  }
  async function refresh() {
    if (busy) { stale = true; return; }
    busy = true;
    try {
      job = await get(`/v1/jobs/${id}`);
      await draw();
      document.getElementById("status").textContent = "";
    } catch (error) {
      document.getElementById("status").textContent = `Not up to date: ${error.message}`;
    }
    busy = false;
    if (stale) { stale = false; refreshSoon(); }
  }
  function poll() {
    polling = setTimeout(async () => {
      if (!document.hidden) await refresh();
      if (!left) poll();
    }, ENDED.includes(job.state) ? POLL_MILLISECONDS.ended : POLL_MILLISECONDS.open);
  }
  function refreshSoon() {
    clearTimeout(timer);
    timer = setTimeout(refresh, SOON_MILLISECONDS);
  }
  async function act(action, message) {
    try {
      await send("POST", `/v1/jobs/${id}/${action}`);
      message.replaceChildren();
    } catch (error) {
      message.replaceChildren(problem(error));
    }
    refreshSoon();
  }
  const metric = h("select", { "aria-label": "metric" });
  metric.addEventListener("change", () => { view.metric = metric.value; refresh(); });
  const spec = JSON.stringify(job.spec, null, 2);
  root.replaceChildren(
    parts.head,
    h("section", { class: "panel" }, h("h2", {}, "Result"), parts.result),
    h("section", { class: "panel" }, h("div", { class: "row spread" }, h("h2", {}, "Learning curves"), metric), parts.curve),
    h("div", { class: "grid" },
      h("section", { class: "panel" }, h("h2", {}, "Relative loss variation (l′ − l) / l"), parts.variation),
      h("section", { class: "panel" }, parts.quality)),
    h("section", { class: "panel" }, h("h2", {}, "Runs"), parts.runs),
    h("section", { class: "panel" }, h("details", {}, h("summary", {}, "Specification"),
      h("p", {}, h("button", { type: "button", onclick: () => navigator.clipboard.writeText(spec) }, "Copy"), " ",
        h("a", { href: `#/submit?job=${id}` }, "Edit and submit again")),
      h("pre", {}, spec))));
  await draw();
  poll();
  return () => { left = true; clearTimeout(polling); clearTimeout(timer); };
}

function heading(job, act) {
  const message = h("div", {});
  const buttons = ACTIONS[job.state].map((action) => h("button", { type: "button", onclick: () => act(action, message) }, action));
  return h("div", {},
    h("div", { class: "row spread" }, h("h1", {}, job.name || job.id), h("div", { class: "row" }, buttons)),
    h("p", { class: "row quiet" }, state(job.state), job.requested ? `(${job.requested} requested)` : null, bar(job.progress, "progress"),
      [`${Math.round(100 * job.progress)} %`, job.datasets.join(", "), job.methods.join(", "), `${job.runs_total} runs`, `submitted ${time(job.created_at)}`,
        job.finished_at ? `finished ${time(job.finished_at)}` : null].filter(Boolean).map((text) => h("span", {}, text)),
      job.tags.map((tag) => h("span", { class: "tag" }, tag))),
    message);
}

function resultTable(job, headline) {
  const groups = ["", ".many", ".medium", ".few"].map((group) => headline.name + group);
  const best = Object.fromEntries(
    groups.map((name) => [name, headline.best(...job.summary.map((p) => p.metrics[name]?.mean ?? headline.worst))]));
  const cell = (name) => (point) => {
    const metric = point.metrics[name];
    return h("span", { class: metric && job.summary.length > 1 && metric.mean === best[name] ? "best" : null }, spread(metric));
  };
  const titles = [headline.title, "Many", "Medium", "Few"];
  const names = distinctNames(job.summary.map((p) => p.point), job.methods.join(", "));
  const missing = (p) => p.missing_seeds.filter((seed) => !p.waiting_seeds.includes(seed));
  return table(`${headline.caption} on the test set at the last epoch, mean ± standard deviation over seeds; many, medium, few by training count.`, [
    { title: "Point", class: "wide", cell: (p) => names[job.summary.indexOf(p)] },
    ...groups.map((name, index) => ({ title: titles[index], class: "number", cell: cell(name) })),
    { title: "Seeds", class: "number", cell: (p) => String(p.metrics[headline.name]?.n ?? 0) },
    { title: "Seeds to come", class: "number", cell: (p) => String(p.waiting_seeds.length) },
    { title: "Missing seeds", cell: (p) => missing(p).join(", ") || "none" },
  ], job.summary);
}
