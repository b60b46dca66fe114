// A square of classes as a picture, both most frequent first: rows are true classes, columns predicted ones, or what `axes` says.
import { useMemo } from "preact/hooks";
import { Chart, type ChartProperties, type Option } from "./chart";
import { diverging, rising } from "./colours";
import type { Cell } from "./csv";
import { type Ink, axis } from "./ink";

export interface MatrixProperties extends Pick<ChartProperties, "title" | "controls" | "level" | "summary" | "height"> {
  /** Class of each place, most frequent first. */
  names: string[];
  /** Value of each true (row) and predicted (column) class, by place. */
  values: number[][];
  /** What a value is, for the table and the scale. */
  unit: string;
  /** Whether values lie around zero: a difference. */
  signed?: boolean;
  /** The value of the strongest colour; without it the largest there is. */
  most?: number;
  /** Places at which a group of classes ends. */
  ends?: number[];
  /** What rows and columns are where they are not true and predicted classes; `row` and `column` head the table. */
  axes?: { rows: string; columns: string; row: string; column: string };
  /** The cell under the pointer. */
  onCell?: (cell: { row: number; column: number } | null) => void;
}

const CONFUSION = { rows: "true class, most frequent first", columns: "predicted class", row: "true class", column: "predicted" };
const SHARP_PIXELS = 1200;
const WHOLE_TABLE = 40;

export function Matrix(properties: MatrixProperties) {
  const { names, values, signed = false } = properties;
  const most = useMemo(() => properties.most ?? largest(values), [values, properties.most]);
  const pictures = useMemo(() => new Map<string, HTMLCanvasElement>(), [values, signed, most]);
  const option = (ink: Ink): Option => {
    const picture = pictures.get(ink.scheme) ?? painted(values, signed, most, ink.scheme);
    pictures.set(ink.scheme, picture);
    return drawn(properties, picture, most, ink);
  };
  const onPlace = (x: number, y: number) => {
    const [column, row] = [Math.round(x), Math.round(y)];
    const inside = row >= 0 && column >= 0 && row < names.length && column < names.length;
    properties.onCell?.(inside ? { row, column } : null);
  };
  return <Chart {...properties} series={[]} option={option} onPlace={onPlace} table={() => tabled(properties)} height={properties.height ?? 560} exported={{ width: 900, height: 900 }} />;
}

function largest(values: number[][]): number {
  let most = 0;
  for (const row of values) for (const value of row) most = Math.max(most, Math.abs(value));
  return most || 1;
}

/** A square for each cell, several pixels wide where the classes are few: a picture that is stretched stays sharp. */
function painted(values: number[][], signed: boolean, most: number, scheme: Ink["scheme"]): HTMLCanvasElement {
  const size = Math.max(1, values.length);
  const small = canvas(size);
  const context = small.getContext("2d") as CanvasRenderingContext2D;
  const image = context.createImageData(size, size);
  values.forEach((row, y) =>
    row.forEach((value, x) => {
      const [red, green, blue] = signed ? diverging(value / most, scheme) : rising(value / most, scheme);
      image.data.set([red, green, blue, 255], 4 * (y * size + x));
    }),
  );
  context.putImageData(image, 0, 0);
  const large = canvas(size * Math.max(1, Math.floor(SHARP_PIXELS / size)));
  const sharp = large.getContext("2d") as CanvasRenderingContext2D;
  sharp.imageSmoothingEnabled = false;
  sharp.drawImage(small, 0, 0, large.width, large.height);
  return large;
}

function canvas(size: number): HTMLCanvasElement {
  const made = document.createElement("canvas");
  made.width = made.height = size;
  return made;
}

function drawn(properties: MatrixProperties, picture: HTMLCanvasElement, most: number, ink: Ink): Option {
  const { names, signed, unit, axes = CONFUSION } = properties;
  const size = names.length;
  const scale = [0, 0.25, 0.5, 0.75, 1].map((part) => (signed ? diverging(2 * part - 1, ink.scheme) : rising(part, ink.scheme)));
  const end = `${Number(most.toPrecision(3))}${unit === "examples" ? "" : signed ? " points" : " %"}`;
  const tilted = names.some((name) => name.length > 3);
  const named = { type: "category", data: names, splitLine: { show: false } };
  const label = { color: ink.quiet, fontSize: 11, hideOverlap: true, formatter: short };
  return {
    grid: { left: 110, right: signed ? 92 : 74, top: 12, bottom: tilted ? 96 : 56 },
    xAxis: { ...axis(ink, axes.columns, false, tilted ? 76 : 34), ...named, axisLabel: { ...label, rotate: tilted ? 45 : 0 } },
    yAxis: { ...axis(ink, axes.rows, true, 94), ...named, inverse: true, axisLabel: label },
    visualMap: {
      type: "continuous", min: signed ? -most : 0, max: most, seriesIndex: [], right: 4, top: "middle", itemHeight: 140, itemWidth: 12,
      inRange: { color: scale.map((colour) => `rgb(${colour.join(",")})`) },
      text: signed ? [`+${end}`, `−${end}`] : [end, "0"], textStyle: { color: ink.quiet, fontSize: 11 },
    },
    series: [{ id: "picture", type: "custom", data: [[0, 0]], silent: true, clip: true, z: 1, renderItem: (_: unknown, api: any) => placed(picture, size, properties.ends ?? [], ink, api) }],
  };
}

/** The picture over the whole grid, with a line after each group of classes. */
function placed(picture: HTMLCanvasElement, size: number, ends: number[], ink: Ink, api: any): Option {
  const [x, y] = api.coord([0, 0]);
  const [width, height] = api.size([1, 1]);
  const [left, top] = [x - width / 2, y - height / 2];
  const line = (x1: number, y1: number, x2: number, y2: number) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: ink.quiet, lineWidth: 1, lineDash: [4, 3] } });
  const lines = ends.flatMap((end) => [
    line(left, top + end * height, left + size * width, top + end * height),
    line(left + end * width, top, left + end * width, top + size * height),
  ]);
  return { type: "group", children: [{ type: "image", style: { image: picture, x: left, y: top, width: size * width, height: size * height } }, ...lines] };
}

function short(name: string): string {
  return name.length > 13 ? `${name.slice(0, 12)}…` : name;
}

/** The whole square of few classes; of many, the cells that have a value, largest first. */
function tabled({ names, values, unit, axes = CONFUSION }: MatrixProperties): { header: Cell[]; rows: Cell[][] } {
  if (names.length <= WHOLE_TABLE) return { header: [`${axes.row} (${unit})`, ...names.map((name) => `${axes.column} ${name}`)], rows: values.map((row, i) => [names[i], ...row]) };
  const cells = values.flatMap((row, i) => row.map((value, j): [number, number, number] => [i, j, value])).filter(([, , value]) => value);
  cells.sort((a, b) => Math.abs(b[2]) - Math.abs(a[2]));
  return { header: [axes.row, axes === CONFUSION ? "predicted class" : axes.column, unit], rows: cells.map(([i, j, value]) => [names[i], names[j], value]) };
}
