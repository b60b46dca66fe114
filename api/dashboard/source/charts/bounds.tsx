// How far and which way LPL moves the loss of each class: bars by sign, training examples as a line, tau between head and tail.
import { scheme } from "../shell/theme";
import { bins } from "./bars";
import { Chart, type ChartProperties, type Opacity, type Option } from "./chart";
import type { Style } from "./colours";
import { type Ink, axis, hover, hoverBox } from "./ink";

export interface BoundsProperties extends Pick<ChartProperties, "title" | "height" | "level" | "controls" | "summary"> {
  classes: string[];
  counts: number[];
  order: number[];
  sign: (number | null)[];
  epsilon: (number | null)[];
  steps: (number | null)[] | null;
  /** The rank up to which classes are head. */
  tau: number | null;
}

const HEAD = "head: negative augmentation, the loss falls";
const TAIL = "tail: positive augmentation, the loss rises";
const EITHER = "either way, decided while training";
const COLOURS = { light: ["#0062a8", "#ca5400", "#6a7681"], dark: ["#56b4e9", "#ff8a4c", "#9aa7b3"] };
const NAMES = [HEAD, TAIL, EITHER];

/** Which of the three a class is. */
const side = (sign: number | null | undefined) => (sign === null || sign === undefined ? 2 : sign < 0 ? 0 : 1);

function heights(properties: BoundsProperties, parts: [number, number][], wanted: number): (number | null)[] {
  const { order, sign, epsilon } = properties;
  return parts.map(([from, to]) => {
    const values = order.slice(from, to).filter((c) => side(sign[c]) === wanted && epsilon[c] !== null).map((c) => (sign[c] ?? 1) * (epsilon[c] as number));
    return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  });
}

export function Bounds(properties: BoundsProperties) {
  const { classes, counts, order, sign, epsilon, steps, tau } = properties;
  const parts = bins(order.length);
  const size = (parts[0]?.[1] ?? 1) - (parts[0]?.[0] ?? 0);
  const names = parts.map(([from, to]) => (to - from === 1 ? (classes[order[from] as number] ?? String(order[from])) : `classes ${from + 1} to ${to}`));
  const sides = [0, 1, 2].filter((each) => order.some((c) => side(sign[c]) === each));
  const style = (at: number): Style => ({ colour: COLOURS[scheme.value][at] as string, dash: "solid", symbol: "rect" });
  const series = [...sides.map((at) => ({ name: NAMES[at] as string, style: style(at) })), { name: "training examples", style: { colour: scheme.value === "light" ? "#55626e" : "#a3b0bc", dash: [6, 4], symbol: "circle" } }];
  const option = (ink: Ink, opacity: Opacity): Option => ({
    grid: { left: 64, right: 64, top: 30, bottom: 46 },
    tooltip: { ...hoverBox(ink), trigger: "axis", axisPointer: { type: "shadow" }, formatter: (items: any) => told(properties, parts[items[0]?.dataIndex ?? 0] ?? [0, 1], names[items[0]?.dataIndex ?? 0] ?? "", ink) },
    xAxis: { type: "category", data: names, ...axis(ink, "classes, most frequent first", false, 28), axisLine: { onZero: false, lineStyle: { color: ink.line } } },
    yAxis: [{ type: "value", ...axis(ink, "bound ε × sign", true, 46) }, { type: "log", min: 1, ...axis(ink, "training examples", true, 46), splitLine: { show: false } }],
    series: [
      ...sides.map((at) => ({
        name: NAMES[at], type: "bar", stack: "bounds", color: COLOURS[ink.scheme][at], itemStyle: { opacity: opacity(NAMES[at] as string) }, barCategoryGap: "12%", emphasis: { disabled: true },
        data: heights(properties, parts, at),
      })),
      ...(tau === null ? [] : [border(Math.min(order.length, Math.max(0, tau)) / size - 1, ink, tau)]),
      { name: "training examples", type: "line", yAxisIndex: 1, step: "middle", showSymbol: false, silent: true, color: ink.quiet, lineStyle: { width: 1.5, type: "dashed", opacity: opacity("training examples") }, data: parts.map(([from, to]) => order.slice(from, to).reduce((sum, c) => sum + (counts[c] ?? 0), 0) / (to - from) || null) },
    ],
  });
  const table = () => ({
    header: ["class", "training examples", "side", "bound", ...(steps ? ["steps"] : [])],
    rows: order.map((c) => [classes[c] ?? String(c), counts[c] ?? null, NAMES[side(sign[c])], epsilon[c] ?? null, ...(steps ? [steps[c] ?? null] : [])]),
  });
  return <Chart {...properties} series={series} option={option} table={table} />;
}

/** A line behind the last head class, drawn by hand: an axis of names knows no places between them. */
function border(last: number, ink: Ink, tau: number): Option {
  return {
    id: "tau", type: "custom", data: [0], silent: true, z: 5, tooltip: { show: false },
    renderItem: (frame: any, api: any) => {
      const { y, height } = frame.coordSys;
      const x = api.coord([0, 0])[0] + (last + 0.5) * api.size([1, 0])[0];
      return {
        type: "group",
        children: [
          { type: "line", shape: { x1: x, x2: x, y1: y, y2: y + height }, style: { stroke: ink.text, lineWidth: 1.5 } },
          { type: "text", style: { text: `τ = ${Number(tau.toPrecision(3))}`, x: x + 4, y: y - 14, fill: ink.text, fontSize: 12 } },
        ],
      };
    },
  };
}

function told(properties: BoundsProperties, [from, to]: [number, number], name: string, ink: Ink): HTMLElement {
  const { order, counts, sign, epsilon, steps } = properties;
  const members = order.slice(from, to);
  const mean = (of: (number | null | undefined)[]) => {
    const known = of.filter((value): value is number => typeof value === "number");
    return known.length ? Number((known.reduce((sum, value) => sum + value, 0) / known.length).toPrecision(4)).toString() : "–";
  };
  const at = side(sign[members[0] as number]);
  return hover(name, [
    { name: NAMES[at] as string, colour: COLOURS[ink.scheme][at] as string, value: `ε = ${mean(members.map((c) => epsilon[c]))}` },
    ...(steps ? [{ name: "steps", value: mean(members.map((c) => steps[c])) }] : []),
    { name: "training examples", value: mean(members.map((c) => counts[c])) },
  ]);
}
