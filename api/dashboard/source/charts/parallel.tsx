// Parallel coordinates: an axis for each parameter and one for the value, a line for each trial, stronger where it is better.
import { scheme } from "../shell/theme";
import { Chart, type ChartProperties, type Opacity, type Option } from "./chart";
import { rising } from "./colours";
import { type Ink, axis, hover, hoverBox } from "./ink";

export interface Axis {
  name: string;
  /** What stands along it, at shares of its length from below. */
  marks: { at: number; text: string }[];
}

export interface Path {
  key: string;
  /** Where it crosses each axis, as a share of its length; null: not there. */
  at: (number | null)[];
  /** What it has on each axis, in words. */
  told: string[];
  /** How good it is, 0 to 1. */
  share: number;
}

export interface ParallelProperties extends Pick<ChartProperties, "title" | "height" | "controls" | "level" | "summary"> {
  axes: Axis[];
  paths: Path[];
  what: string;
  chosen?: string | null;
}

const NARROW = 700;
const FAINTEST = 0.25;
const MOST_LETTERS = 22;

export function Parallel(properties: ParallelProperties) {
  const { axes, paths } = properties;
  const table = () => ({ header: [properties.what, ...axes.map((each) => each.name)], rows: paths.map((path) => [path.key, ...path.told]) });
  const option = (ink: Ink, _: Opacity) => drawn(properties, ink);
  return <Chart {...properties} key={scheme.value} series={[]} option={option} table={table} />;
}

function drawn(properties: ParallelProperties, ink: Ink): Option {
  const { axes, paths, chosen } = properties;
  // The worst first, so that the best lie above; the chosen one above all.
  const order = paths.map((_, i) => i).sort((a, b) => Number(paths[a]!.key === chosen) - Number(paths[b]!.key === chosen) || paths[a]!.share - paths[b]!.share);
  const letters = innerWidth > NARROW ? MOST_LETTERS : Math.max(5, Math.floor(40 / axes.length));
  return {
    grid: { left: 30, right: 40, top: 16, bottom: 40 },
    tooltip: { ...hoverBox(ink), trigger: "item", formatter: (item: any) => told(paths[order[item.dataIndex] ?? -1], properties) },
    xAxis: { type: "category", data: axes.map((each) => each.name), ...axis(ink, "", false, 0), splitLine: { show: false }, axisLine: { show: false }, axisLabel: { color: ink.text, fontSize: 12, interval: 0, formatter: (name: string) => short(name, letters) } },
    yAxis: { type: "value", min: 0, max: 1, show: false },
    series: [
      { id: "paths", type: "custom", z: 2, clip: false, encode: { x: 0, y: 1 }, data: order.map(() => [0, 0]), renderItem: (item: any, api: any) => line(paths[order[item.dataIndex]!]!, chosen, ink, api) },
      { id: "axes", type: "custom", z: 3, silent: true, clip: false, tooltip: { show: false }, data: axes.map((_, i) => [i, 0]), renderItem: (item: any, api: any) => upright(axes[item.dataIndex]!, item.dataIndex, letters, ink, api) },
    ],
  };
}

function line(path: Path, chosen: string | null | undefined, ink: Ink, api: any): Option | null {
  const points = path.at.flatMap((share, i) => (share === null ? [] : [api.coord([i, share])]));
  if (points.length < 2) return null;
  const isChosen = path.key === chosen;
  const colour = rising(FAINTEST + (1 - FAINTEST) * path.share, ink.scheme);
  const style = isChosen ? { stroke: ink.text, lineWidth: 3.5 } : { stroke: `rgb(${colour.join(",")})`, lineWidth: 1 + path.share, opacity: chosen ? 0.5 : 0.9 };
  return { type: "polyline", shape: { points }, style: { ...style, fill: "none" } };
}

function upright({ marks }: Axis, place: number, letters: number, ink: Ink, api: any): Option {
  const [x, bottom] = api.coord([place, 0]);
  const top = api.coord([place, 1])[1];
  return {
    type: "group",
    children: [
      { type: "line", shape: { x1: x, y1: bottom, x2: x, y2: top }, style: { stroke: ink.quiet, lineWidth: 1 } },
      ...marks.map((mark) => ({ type: "text", x: x + 4, y: api.coord([place, mark.at])[1], style: { text: short(mark.text, letters), fill: ink.text, font: "11px sans-serif", verticalAlign: "middle", stroke: ink.panel, lineWidth: 3 } })),
    ],
  };
}

const short = (text: string, letters: number) => (text.length > letters ? `${text.slice(0, letters - 1)}…` : text);

function told(path: Path | undefined, { axes, what }: ParallelProperties): HTMLElement {
  if (!path) return hover("", []);
  return hover(`${what} ${path.key}`, axes.map((each, i) => ({ name: each.name, value: path.told[i] ?? "" })));
}
