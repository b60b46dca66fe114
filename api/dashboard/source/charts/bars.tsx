// Values by class, most frequent first; above 500 classes the mean of neighbours.
import { useState } from "preact/hooks";
import { number, plural } from "../parts/format";
import { scheme } from "../shell/theme";
import { Chart, type ChartProperties, type Opacity, type Option } from "./chart";
import { styles } from "./colours";
import { type Ink, axis, hover, hoverBox } from "./ink";

export interface ByClass {
  name: string;
  method: string;
  /** One value for each class, in the order of `labels`. */
  values: (number | null)[];
  deviation?: (number | null)[];
}

export interface BarsProperties extends Pick<ChartProperties, "title" | "height" | "controls" | "group" | "level" | "summary"> {
  yTitle: string;
  xTitle?: string;
  labels: string[];
  bars: ByClass[];
  /** Training examples, drawn as a line behind with an axis of its own. */
  counts?: number[];
  scale?: number;
  /** Last class (place in the order) of many and of medium, to draw where the groups end. */
  groups?: { name: string; from: number; to: number }[];
  /** Colour by sign, for one series. */
  bySign?: boolean;
}

const MOST_BARS = 500;
/** More bars than these in all are drawn as one step line for each series. */
const MOST_SIDE_BY_SIDE = 600;
/** A value so many times larger than most flattens all others: the axis ends before it, and says so. */
const FLATTENS = 5;

/** Means of neighbours so that at most `MOST_BARS` are left: [first, one after last] of each. */
export function bins(count: number): [number, number][] {
  const size = count > MOST_BARS ? Math.ceil(count / (MOST_BARS / 2)) : 1;
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => [i * size, Math.min(count, (i + 1) * size)]);
}

function meanOf(values: (number | null)[], [from, to]: [number, number]): number | null {
  let sum = 0;
  let n = 0;
  for (let i = from; i < to; i += 1) {
    const value = values[i];
    if (value === null || value === undefined || Number.isNaN(value)) continue;
    sum += value;
    n += 1;
  }
  return n ? sum / n : null;
}

export function Bars(properties: BarsProperties) {
  const [whole, setWhole] = useState(false);
  const { bars, labels, scale = 1, counts } = properties;
  const parts = bins(labels.length);
  const names = parts.map(([from, to]) => (to - from === 1 ? (labels[from] as string) : `classes ${from + 1} to ${to}`));
  const looks = styles(bars.map((each) => each.method), scheme.value);
  const series = bars.map((each, i) => ({ name: each.name, style: looks[i]! }));
  const times = (value: number | null) => (value === null ? null : scale * value);
  const binned = bars.map((each) => parts.map((part) => times(meanOf(each.values, part))));
  const limits = whole ? null : limitsOf(binned.flat());
  const dense = names.length * bars.length > MOST_SIDE_BY_SIDE;
  const option = (ink: Ink, opacity: Opacity): Option => {
    const drawn = styles(bars.map((each) => each.method), ink.scheme);
    const signs = ink.scheme === "light" ? ["#0062a8", "#ca5400"] : ["#56b4e9", "#ff8a4c"];
    return {
      grid: { left: 64, right: counts ? 64 : 18, top: 24, bottom: 46 },
      tooltip: {
        ...hoverBox(ink),
        trigger: "axis",
        axisPointer: { type: "shadow" },
        formatter: (items: any) =>
          hover(items[0]?.axisValueLabel ?? "", items.filter((item: any) => item.value !== null && item.value !== undefined).map((item: any) => ({ name: item.seriesName, colour: item.color, value: String(Number(Number(item.value).toPrecision(4))) }))),
      },
      xAxis: { type: "category", data: names, ...axis(ink, properties.xTitle ?? "classes, most frequent first", false, 28) },
      yAxis: [
        { type: "value", ...axis(ink, properties.yTitle, true, 46), ...limits?.range },
        ...(counts ? [{ type: "log", ...axis(ink, "training examples", true, 46), splitLine: { show: false }, min: 1 }] : []),
      ],
      series: [
        ...bars.map((each, i) => ({
          name: each.name,
          ...(dense ? { type: "line", step: "middle", showSymbol: false, lineStyle: { width: 1.5, opacity: opacity(each.name), type: drawn[i]!.dash } } : { type: "bar" }),
          data: properties.bySign && !dense ? binned[i]!.map((value) => (value === null ? null : { value, itemStyle: { color: signs[value < 0 ? 0 : 1] } })) : binned[i],
          color: drawn[i]!.colour,
          itemStyle: { opacity: opacity(each.name), decal: hatching(drawn[i]!.dash, ink) },
          barCategoryGap: "12%",
          barGap: "0%",
          emphasis: { disabled: true },
          ...(i === 0 && properties.groups?.length ? { markArea: groupAreas(properties.groups, parts, ink) } : {}),
        })),
        ...(counts ? [{ name: "training examples", type: "line", yAxisIndex: 1, step: "middle", showSymbol: false, silent: true, color: ink.quiet, lineStyle: { width: 1.5, type: "dashed" }, data: parts.map((part) => meanOf(counts, part)) }] : []),
      ],
    };
  };
  const table = () => ({
    header: ["class", ...(counts ? ["training examples"] : []), ...bars.flatMap((each) => [each.name, ...(each.deviation ? [`${each.name}: standard deviation`] : [])])],
    rows: labels.map((label, i) => [label, ...(counts ? [counts[i] ?? null] : []), ...bars.flatMap((each) => [times(each.values[i] ?? null), ...(each.deviation ? [times(each.deviation[i] ?? null)] : [])])]),
  });
  return (
    <>
      <Chart {...properties} series={series} option={option} table={table} />
      {(limits !== null || whole) && (
        <p class="quiet small">
          {limits && `${plural(limits.cut, "value")} beyond the axis: the largest is ${number(limits.largest, 3)}. `}
          <button type="button" class="link" onClick={() => setWhole(!whole)}>{whole ? "Let the axis end where most values do" : "Show all of it"}</button>
        </p>
      )}
    </>
  );
}

/** Where the axis ends when a few values would flatten the rest, and how many go beyond; null where all have room. */
function limitsOf(values: (number | null)[]): { range: { min?: number; max?: number }; cut: number; largest: number } | null {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const sizes = known.map(Math.abs).sort((a, b) => a - b);
  const most = sizes[Math.floor(0.9 * (sizes.length - 1))] ?? 0;
  const largest = sizes.at(-1) ?? 0;
  if (sizes.length < 8 || most === 0 || largest <= FLATTENS * most) return null;
  const end = Number((2 * most).toPrecision(1));
  const cut = known.filter((value) => Math.abs(value) > end).length;
  const low = known.some((value) => value < -end);
  const high = known.some((value) => value > end);
  return { range: { ...(low ? { min: -end } : {}), ...(high ? { max: end } : {}) }, cut, largest: known.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0) };
}

/** Points of one method share a colour: all but the first are hatched, as their lines are dashed elsewhere. */
function hatching(dash: string | number[], ink: Ink): Option | undefined {
  if (dash === "solid") return undefined;
  const [drawn = 4, gap = 4] = dash as number[];
  return { symbol: "rect", color: ink.panel, dashArrayX: [1, 0], dashArrayY: [Math.max(2, gap - 1), drawn + 2], rotation: dash.length > 2 ? 0 : drawn > gap ? -Math.PI / 4 : Math.PI / 4 };
}

export function groupAreas(groups: { name: string; from: number; to: number }[], parts: [number, number][], ink: Ink): Option {
  const size = (parts[0]?.[1] ?? 1) - (parts[0]?.[0] ?? 0);
  return {
    silent: true,
    itemStyle: { color: ink.text, opacity: 0.035 },
    label: { color: ink.quiet, fontSize: 11, position: "top" },
    data: groups.map((group, i) => [
      { name: group.name, xAxis: Math.floor(group.from / size), itemStyle: { opacity: i % 2 ? 0 : 0.05 } },
      { xAxis: Math.floor(Math.max(group.from, group.to - 1) / size) },
    ]),
  };
}
