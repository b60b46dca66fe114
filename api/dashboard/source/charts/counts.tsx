// The long tail: training examples by class, most frequent first, with the shot groups where they are known.
import { byFrequency } from "../parts/frequency";
import { scheme } from "../shell/theme";
import { bins, groupAreas } from "./bars";
import { Chart, type ChartProperties, type Option } from "./chart";
import { type Ink, axis, hover, hoverBox, ink as inkOf } from "./ink";

export interface CountsProperties extends Pick<ChartProperties, "title" | "height" | "level" | "controls"> {
  classes: string[];
  counts: number[];
  /** Places in the order by count. */
  groups?: { name: string; from: number; to: number }[];
}

export function Counts(properties: CountsProperties) {
  const { classes, counts, groups } = properties;
  const order = byFrequency(counts);
  const parts = bins(order.length);
  const named = (place: number) => classes[order[place] as number] ?? String(order[place]);
  const names = parts.map(([from, to]) => (to - from === 1 ? named(from) : `classes ${from + 1} to ${to}`));
  const means = parts.map(([from, to]) => order.slice(from, to).reduce((sum, c) => sum + (counts[c] as number), 0) / (to - from));
  const style = { colour: inkOf(scheme.value).accent, dash: "solid", symbol: "circle" };
  const option = (ink: Ink): Option => ({
    grid: { left: 64, right: 18, top: 24, bottom: 46 },
    tooltip: { ...hoverBox(ink), trigger: "axis", axisPointer: { type: "shadow" }, formatter: (items: any) => hover(items[0]?.axisValueLabel ?? "", [{ name: "training examples", colour: ink.accent, value: String(Math.round(means[items[0]?.dataIndex] ?? 0)) }]) },
    xAxis: { type: "category", data: names, ...axis(ink, "classes, most frequent first", false, 28) },
    yAxis: { type: "log", min: 1, ...axis(ink, "training examples", true, 46) },
    series: [
      {
        name: "training examples", type: "line", step: "middle", showSymbol: false, color: ink.accent, areaStyle: { opacity: 0.12 }, lineStyle: { width: 2 },
        // A logarithmic axis has no place for zero.
        data: means.map((mean) => (mean > 0 ? mean : null)),
        ...(groups?.length ? { markArea: groupAreas(groups, parts, ink) } : {}),
      },
    ],
  });
  const table = () => ({ header: ["class", "training examples"], rows: order.map((c) => [classes[c] ?? String(c), counts[c] ?? null]) });
  const most = counts[order[0] ?? 0] ?? 0;
  const least = counts[order.at(-1) ?? 0] ?? 0;
  return <Chart {...properties} summary={`${counts.length} classes, from ${most} to ${least} examples.`} series={[{ name: "training examples", style }]} option={option} table={table} />;
}
