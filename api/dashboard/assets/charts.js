// Charts on uPlot: curves with bands over seeds, bars per class. Each comes with its legend, PNG and CSV.
import uPlot from "./vendor/uplot/uPlot.esm.js";
import { save } from "./api.js";
import { h } from "./dom.js";
import { csv } from "./statistics.js";

// Okabe and Ito's colours, told apart with every kind of colour vision.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a00", "#777777"];
export const colour = (index) => COLOURS[index % COLOURS.length];
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const transparent = (hex, alpha) => hex + Math.round(alpha * 255).toString(16).padStart(2, "0");

const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000];

// `x` is what the axis of whole numbers below has of its own: values that name its ticks, space that a tick needs.
function axes(xTitle, yTitle, x = {}) {
  const shared = { stroke: style("--quiet"), grid: { stroke: style("--grid"), width: 1 }, ticks: { stroke: style("--grid") } };
  const font = { font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif" };
  return [
    { ...shared, ...font, label: xTitle, labelSize: 20, size: 34, incrs: WHOLE, ...x },
    { ...shared, ...font, label: yTitle, labelSize: 20, size: 58 },
  ];
}

function frame(title, names, draw, table) {
  const target = h("div", { class: "chart", role: "img", "aria-label": title });
  const legend = h("ul", { class: "legend" }, names.map((name, i) => {
    const swatch = h("span", { class: "swatch" });
    swatch.style.background = colour(i);
    return h("li", {}, swatch, name);
  }));
  const file = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const buttons = h("div", { class: "row small" },
    h("button", { type: "button", onclick: () => target.querySelector("canvas")?.toBlob((blob) => save(blob, `${file}.png`)) }, "PNG"),
    h("button", { type: "button", onclick: () => save(new Blob([table()], { type: "text/csv" }), `${file}.csv`) }, "CSV"));
  const element = h("div", {}, target, h("div", { class: "row spread" }, legend, buttons));
  let plot = null;
  const redraw = () => {
    const width = target.clientWidth;
    if (!width) return;
    plot?.destroy();
    plot = draw(target, width);
  };
  new ResizeObserver(redraw).observe(target);
  return element;
}

// groups: [{name, epochs, rows: [{mean, deviation}]}]
export function curves(title, yTitle, groups, scale = 1) {
  const epochs = [...new Set(groups.flatMap((g) => g.epochs))].sort((a, b) => a - b);
  const columns = groups.flatMap((group) => {
    const at = new Map(group.epochs.map((epoch, i) => [epoch, group.rows[i]]));
    const column = (pick) => epochs.map((epoch) => {
      const row = at.get(epoch);
      return row && row.mean !== null ? scale * pick(row) : null;
    });
    return [column((r) => r.mean), column((r) => r.mean - (r.deviation || 0)), column((r) => r.mean + (r.deviation || 0))];
  });
  const draw = (target, width) => new uPlot({
    width,
    height: 280,
    scales: { x: { time: false } },
    axes: axes("epoch", yTitle),
    series: [{}, ...groups.flatMap((group, i) => [
      { label: group.name, stroke: colour(i), width: 2, points: { show: epochs.length < 2 } },
      { stroke: "transparent", points: { show: false } },
      { stroke: "transparent", points: { show: false } },
    ])],
    bands: groups.map((_, i) => ({ series: [3 * i + 3, 3 * i + 2], fill: transparent(colour(i), 0.18) })),
    cursor: { drag: { x: true, y: false } },
  }, [epochs, ...columns], target);
  const header = ["epoch", ...groups.flatMap((g) => [g.name, `${g.name} low`, `${g.name} high`])];
  return frame(title, groups.map((g) => g.name), draw, () => csv(header, epochs.map((e, i) => [e, ...columns.map((c) => c[i])])));
}

// groups: [{name, values: [mean per class in the order of labels]}]
export function bars(title, yTitle, labels, groups, scale = 1) {
  const x = labels.map((_, i) => i);
  const columns = groups.map((group) => group.values.map((v) => (v === null ? null : scale * v)));
  const width = 0.8 / Math.max(1, groups.length);
  const paint = (plot) => {
    const { ctx } = plot;
    ctx.save();
    const left = plot.valToPos(-0.5, "x", true);
    const zero = plot.valToPos(0, "y", true);
    columns.forEach((values, g) => {
      ctx.fillStyle = colour(g);
      values.forEach((value, i) => {
        if (value === null) return;
        const from = plot.valToPos(i - 0.4 + g * width, "x", true);
        const to = plot.valToPos(i - 0.4 + (g + 1) * width, "x", true);
        const top = plot.valToPos(value, "y", true);
        ctx.fillRect(from, Math.min(top, zero), Math.max(1, to - from - 1), Math.max(1, Math.abs(zero - top)));
      });
    });
    ctx.strokeStyle = style("--quiet");
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(left, zero);
    ctx.lineTo(plot.valToPos(labels.length - 0.5, "x", true), zero);
    ctx.stroke();
    ctx.restore();
  };
  const known = columns.flat().filter((v) => v !== null);
  // Not as arguments of one call: a browser takes about a hundred thousand, fewer than points times classes may be.
  const low = known.reduce((a, b) => Math.min(a, b), 0);
  const high = known.reduce((a, b) => Math.max(a, b), 0);
  const pad = (high - low || 1) * 0.06;
  const draw = (target, size) => new uPlot({
    width: size,
    height: 280,
    scales: {
      x: { time: false, range: [-0.6, labels.length - 0.4] },
      y: { range: [low < 0 ? low - pad : 0, high > 0 ? high + pad : 0] },
    },
    axes: axes("classes, most frequent first", yTitle, {
      values: (_, splits) => splits.map((s) => labels[s] ?? ""),
      space: 12 + 7 * Math.max(0, ...labels.map((label) => label.length)),
    }),
    series: [{}, ...groups.map((group) => ({ label: group.name, paths: () => null, points: { show: false } }))],
    cursor: { show: false },
    hooks: { draw: [paint] },
  }, [x, ...columns], target);
  return frame(title, groups.map((g) => g.name), draw, () =>
    csv(["class", ...groups.map((g) => g.name)], labels.map((label, i) => [label, ...columns.map((c) => c[i])])));
}
