// Differences with their 95 % intervals, one a row, and a line at zero.
import { Chart, type ChartProperties, type Option } from "./chart";
import { methodColour } from "./colours";
import { type Ink, axis, hover, hoverBox } from "./ink";

export interface ForestRow {
  name: string;
  /** Whose colour the row has. */
  method: string;
  difference: number | null;
  interval: [number, number] | null;
  n: number;
  decided: boolean;
  note: string | null;
}

export interface ForestProperties extends Pick<ChartProperties, "title" | "controls" | "level" | "summary"> {
  rows: ForestRow[];
  /** What is to be read left and right of zero. */
  left: string;
  right: string;
  unit: string;
}

const ROW = 30;
const NARROW = 700;
/** Few seeds give intervals that flatten all others: the axis then ends where those of more seeds do. */
const ENOUGH = 3;

export function Forest(properties: ForestProperties) {
  const { rows, unit } = properties;
  const end = extent(rows);
  const wide = innerWidth > NARROW ? 250 : 118;
  const option = (ink: Ink): Option => ({
    grid: { left: wide + 14, right: innerWidth > NARROW ? 150 : 56, top: 26, bottom: 50 },
    tooltip: { ...hoverBox(ink), trigger: "item", formatter: (item: any) => told(rows[item.dataIndex], unit) },
    xAxis: { type: "value", min: -end, max: end, ...axis(ink, `difference, ${unit}`, false, 30), splitLine: { show: true, lineStyle: { color: ink.line } } },
    yAxis: [
      { type: "category", inverse: true, data: rows.map((row) => row.name), ...axis(ink, "", true, 0), splitLine: { show: false }, axisLabel: { color: ink.text, fontSize: 12, width: wide, overflow: "truncate", interval: 0 } },
      { type: "category", inverse: true, position: "right", data: rows.map(figures), ...axis(ink, "", true, 0), splitLine: { show: false }, axisLabel: { color: ink.quiet, fontSize: 12, interval: 0 } },
    ],
    series: [
      {
        id: "rows", type: "custom", z: 3, clip: false,
        encode: { x: 0, y: 1 },
        data: rows.map((row, i) => [row.difference ?? 0, i]),
        renderItem: (parameters: any, api: any) => drawn(rows[parameters.dataIndex]!, parameters.dataIndex, end, ink, api),
      },
      {
        id: "zero", type: "line", data: [], silent: true,
        markLine: { silent: true, symbol: "none", lineStyle: { color: ink.text, type: "solid", width: 1 }, label: { show: true, position: "start", color: ink.quiet, fontSize: 11, formatter: `← ${properties.left}      ${properties.right} →` }, data: [{ xAxis: 0 }] },
      },
    ],
  });
  const table = () => ({
    header: ["difference of", `difference (${unit})`, "95 % from", "to", "n", "beyond the noise", "note"],
    rows: rows.map((row) => [row.name, row.difference, row.interval?.[0] ?? null, row.interval?.[1] ?? null, row.n, row.decided ? "yes" : "no", row.note]),
  });
  return <Chart {...properties} series={[]} option={option} table={table} height={96 + ROW * rows.length} exported={{ width: 1000, height: 160 + ROW * rows.length }} />;
}

const signed = (value: number) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;
const figures = (row: ForestRow) => (row.difference === null ? "no seed in common" : innerWidth > NARROW ? `${signed(row.difference)}  (n = ${row.n})` : `n = ${row.n}`);

function extent(rows: ForestRow[]): number {
  const sizes = rows.flatMap((row) => [row.difference ?? 0, ...((row.n >= ENOUGH || rows.every((each) => each.n < ENOUGH)) && row.interval ? row.interval : [])]);
  const most = Math.max(...sizes.map(Math.abs), 0);
  return Number((1.15 * most || 1).toPrecision(2));
}

function drawn(row: ForestRow, place: number, end: number, ink: Ink, api: any): Option | null {
  if (row.difference === null) return null;
  const colour = methodColour(row.method, ink.scheme);
  const [x, y] = api.coord([row.difference, place]);
  const line = (x1: number, y1: number, x2: number, y2: number) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: colour, lineWidth: 2 } });
  const parts: Option[] = [];
  if (row.interval) {
    const [low, high] = row.interval.map((value) => Math.max(-end, Math.min(end, value))) as [number, number];
    const [from, to] = [api.coord([low, place])[0], api.coord([high, place])[0]];
    parts.push(line(from, y, to, y));
    // A cap where the interval ends, an arrow where it goes beyond the axis.
    for (const [at, cut, way] of [[from, row.interval[0] < -end, -1], [to, row.interval[1] > end, 1]] as const) {
      parts.push(cut ? { type: "polygon", shape: { points: [[at, y - 5], [at + 7 * way, y], [at, y + 5]] }, style: { fill: colour } } : line(at, y - 5, at, y + 5));
    }
  }
  const mark = { fill: row.decided ? colour : ink.panel, stroke: colour, lineWidth: 2 };
  parts.push(row.interval ? { type: "circle", shape: { cx: x, cy: y, r: 5 }, style: mark } : { type: "polygon", shape: { points: [[x, y - 6], [x + 6, y], [x, y + 6], [x - 6, y]] }, style: mark });
  return { type: "group", children: parts };
}

function told(row: ForestRow | undefined, unit: string): HTMLElement {
  if (!row) return hover("", []);
  const lines = [
    { name: "difference", value: row.difference === null ? "none" : `${signed(row.difference)} ${unit}` },
    { name: "95 % interval", value: row.interval ? `${signed(row.interval[0])} to ${signed(row.interval[1])}` : "none" },
    { name: "seeds in common", value: String(row.n) },
    { name: row.note ?? (row.decided ? "beyond the noise" : "the interval holds zero"), value: "" },
  ];
  return hover(row.name, lines);
}
