// One job: its state and what may be asked of it, the result table, curves, loss variations, runs.
import { get, send } from "./api.js";
import { bars, curves } from "./charts.js";
import { bar, h, pointName, problem, spread, state, table, time } from "./dom.js";
import { follow } from "./events.js";
import { loadRuns, readClasses, readCurves } from "./job_data.js";
import { runsTable } from "./runs_table.js";
import { band, perClass } from "./statistics.js";

const REFRESH_MILLISECONDS = 1500;
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
  const view = { metric: null, epoch: null, curves: new Map(), classes: new Map() };
  const parts = Object.fromEntries(["head", "result", "curve", "variation", "quality", "runs"].map((name) => [name, h("div", {})]));
  let stale = false;
  let busy = false;
  let timer = 0;

  async function draw() {
    const { points, runs } = await loadRuns(job);
    parts.head.replaceChildren(heading(job, act));
    parts.runs.replaceChildren(runsTable(runs, refreshSoon));
    await drawCurves(points);
    const precise = [...metric.options].some((option) => option.value === PRECISION.name);
    parts.result.replaceChildren(resultTable(job, precise ? PRECISION : ERROR));
    await drawClasses(points);
  }
  async function drawCurves(points) {
    const found = [];
    for (const point of points) {
      found.push({ name: point.name, runs: await Promise.all(point.runs.map((run) => readCurves(view.curves, run))) });
    }
    const there = new Set(found.flatMap((point) => point.runs.flatMap((run) => Object.keys(run))));
    offer(CURVES.filter((name) => there.has(name)));
    const shown = metric.value || ERROR.name;
    const groups = found.map(({ name, runs }) => ({ name, ...band(runs.map((run) => run[shown]).filter(Boolean)) }));
    const fraction = /error|precision|f1/.test(shown);
    parts.curve.replaceChildren(curves(`Learning curves ${shown}`, fraction ? "percent" : shown, groups, fraction ? 100 : 1));
  }
  function offer(names) {
    const options = names.length ? names : [ERROR.name];
    if (options.join() === [...metric.options].map((option) => option.value).join()) return;
    metric.replaceChildren(...options.map((name) => h("option", { value: name }, name)));
    metric.value = options.includes(view.metric) ? view.metric : options[0];
  }
  async function drawClasses(points) {
    const found = [];
    for (const point of points) {
      found.push({ name: point.name, runs: await Promise.all(point.runs.map((run) => readClasses(view.classes, run))) });
    }
    const any = found.flatMap((p) => p.runs).find((r) => r.variation.classes.length);
    if (!any) {
      parts.variation.replaceChildren(h("p", { class: "quiet" }, "Comes with the first epoch."));
      parts.quality.replaceChildren();
      return;
    }
    const { classes, class_counts: counts } = any.variation;
    const order = counts.map((_, c) => c).sort((a, b) => counts[b] - counts[a] || a - b);
    const epochs = Math.max(...found.flatMap((p) => p.runs.map((r) => r.variation.epochs.at(-1) || 0)));
    const at = Math.min(view.epoch ?? epochs, epochs);
    const labels = order.map((c) => `${classes[c]} (${counts[c]})`);
    const group = (pick) => found.map((p) => {
      const rows = p.runs.map(pick).filter(Boolean);
      const means = perClass(rows).map((m) => m.mean);
      return { name: p.name, values: order.map((c) => means[c] ?? null) };
    });
    const rowAt = (series, rows) => rows?.[series.epochs.indexOf(at)];
    const slider = h("input", { type: "range", min: 1, max: epochs, step: 1, "aria-label": "epoch" });
    slider.value = String(at);
    slider.addEventListener("change", () => { view.epoch = Number(slider.value) === epochs ? null : Number(slider.value); drawClasses(points); });
    const signs = any.variation.positive ? ["positive", "negative"] : ["relative_loss_variation"];
    const name = (sign) => `Relative loss variation per class${signs.length > 1 ? ` of ${sign} samples` : ""}`;
    parts.variation.replaceChildren(
      ...signs.flatMap((sign) => [
        signs.length > 1 ? h("h3", {}, `${sign} samples`) : null,
        bars(name(sign), "percent", labels, group((r) => rowAt(r.variation, r.variation[sign])), 100),
      ]).filter(Boolean),
      h("div", { class: "row small quiet" }, "epoch", slider, String(at)));
    const quality = signs.length > 1 ? "Average precision per class" : "Test accuracy per class";
    parts.quality.replaceChildren(
      h("h2", {}, quality), bars(quality, "percent", labels, group((r) => rowAt(r.quality, r.quality.values)), 100));
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
  function refreshSoon() {
    clearTimeout(timer);
    timer = setTimeout(refresh, REFRESH_MILLISECONDS / 3);
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
  const stop = follow(`/v1/jobs/${id}/events`, refreshSoon);
  const polling = setInterval(() => { if (!ENDED.includes(job.state)) refresh(); }, 5000);
  return () => { stop(); clearInterval(polling); clearTimeout(timer); };
}

function heading(job, act) {
  const message = h("div", {});
  const buttons = ACTIONS[job.state].map((action) => h("button", { type: "button", onclick: () => act(action, message) }, action));
  return h("div", {},
    h("div", { class: "row spread" }, h("h1", {}, job.name || job.id), h("div", { class: "row" }, buttons)),
    h("p", { class: "row quiet" }, state(job.state), job.requested ? `(${job.requested} requested)` : null, bar(job.progress, "progress"),
      [`${Math.round(100 * job.progress)} %`, job.dataset, `${job.runs_total} runs`, `submitted ${time(job.created_at)}`,
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
  return table(`${headline.caption} on the test set at the last epoch, mean ± standard deviation over seeds; many, medium, few by training count.`, [
    { title: "Point", class: "wide", cell: (p) => pointName(p.point, job.method) },
    ...groups.map((name, index) => ({ title: titles[index], class: "number", cell: cell(name) })),
    { title: "Seeds", class: "number", cell: (p) => String(p.metrics[headline.name]?.n ?? 0) },
    { title: "Missing seeds", cell: (p) => p.missing_seeds.join(", ") || "none" },
  ], job.summary);
}
