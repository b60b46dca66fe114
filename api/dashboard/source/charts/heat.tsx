// Class x epoch as a picture: one pixel for each value, drawn on a canvas and placed by the chart.
import type { Matrix } from "../service/http";
import { Chart, type ChartProperties, type Option } from "./chart";
import { diverging } from "./colours";
import { type Ink, axis } from "./ink";

export interface HeatProperties extends Pick<ChartProperties, "title" | "height" | "controls" | "level" | "group" | "zoom" | "onZoom"> {
  matrix: Matrix;
  /** Class of each row, most frequent first. */
  order: number[];
  classes: string[];
  counts: number[];
  /** The epoch that a line marks. */
  epoch: number | null;
  /** Which class and epoch the pointer is at (their places in `order` and `matrix.epochs`), and whether it was pressed. */
  onCell?: (cell: { place: number; at: number } | null, pressed: boolean) => void;
}

/** The value that most others (98 %) stay below in size: a few extremes do not flatten the rest. */
export function strength(values: Float32Array): number {
  const step = Math.max(1, Math.floor(values.length / 20_000));
  const sizes: number[] = [];
  for (let i = 0; i < values.length; i += step) {
    const value = values[i] as number;
    if (!Number.isNaN(value)) sizes.push(Math.abs(value));
  }
  sizes.sort((a, b) => a - b);
  return sizes[Math.floor(0.98 * (sizes.length - 1))] || sizes.at(-1) || 1;
}

function painted(properties: HeatProperties, ink: Ink, most: number): HTMLCanvasElement {
  const { matrix, order } = properties;
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, matrix.epochs.length);
  canvas.height = Math.max(1, order.length);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const image = context.createImageData(canvas.width, canvas.height);
  const table = Array.from({ length: 513 }, (_, i) => diverging((i - 256) / 256, ink.scheme));
  order.forEach((c, row) => {
    for (let e = 0; e < matrix.epochs.length; e += 1) {
      const value = matrix.values[e * matrix.classes + c] as number;
      const at = 4 * (row * canvas.width + e);
      if (Number.isNaN(value)) continue;
      const colour = table[256 + Math.round(256 * Math.max(-1, Math.min(1, value / most)))] as [number, number, number];
      image.data.set([...colour, 255], at);
    }
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

export function Heat(properties: HeatProperties) {
  const { matrix, order, classes, counts } = properties;
  const most = strength(matrix.values);
  const drawn = new Map<string, HTMLCanvasElement>();
  const rows = order.length;
  const first = matrix.epochs[0] ?? 1;
  const last = matrix.epochs.at(-1) ?? 1;
  const option = (ink: Ink): Option => {
    const picture = drawn.get(ink.scheme) ?? painted(properties, ink, most);
    drawn.set(ink.scheme, picture);
    const name = (place: number) => classes[order[place] ?? 0] ?? "";
    return {
      grid: { left: 116, right: 78, top: 12, bottom: 46 },
      xAxis: { type: "value", ...axis(ink, "epoch", false, 28), min: first - 0.5, max: last + 0.5, minInterval: 1, splitLine: { show: false } },
      yAxis: {
        type: "value", inverse: true, min: -0.5, max: rows - 0.5, ...axis(ink, "classes, most frequent first", true, 98), splitLine: { show: false },
        minInterval: 1,
        axisLabel: { color: ink.quiet, fontSize: 11, formatter: (place: number) => (Number.isInteger(place) && place >= 0 && place < rows ? short(name(place)) : "") },
      },
      visualMap: {
        type: "continuous", min: -100 * most, max: 100 * most, dimension: 2, seriesIndex: [], right: 4, top: "middle", calculable: false, itemHeight: 140, itemWidth: 12, precision: 1,
        inRange: { color: [-1, -0.5, 0, 0.5, 1].map((share) => `rgb(${diverging(share, ink.scheme).join(",")})`) },
        text: [`+${(100 * most).toPrecision(2)} %`, `−${(100 * most).toPrecision(2)} %`], textStyle: { color: ink.quiet, fontSize: 11 },
      },
      series: [
        {
          id: "picture", type: "custom", data: [[first, 0]], silent: true, clip: true, z: 1,
          renderItem: (_: unknown, api: any) => {
            const [left, top] = api.coord([first - 0.5, -0.5]);
            const [right, bottom] = api.coord([last + 0.5, rows - 0.5]);
            return { type: "image", style: { image: picture, x: left, y: top, width: right - left, height: bottom - top } };
          },
        },
        ...(properties.epoch === null ? [] : [{
          id: "epoch", type: "line", data: [[properties.epoch, -0.5], [properties.epoch, rows - 0.5]], showSymbol: false, silent: true, z: 4, lineStyle: { color: ink.text, width: 1.5 },
        }]),
      ],
    };
  };
  const table = () => ({
    header: ["class", "training examples", ...matrix.epochs.map((epoch) => `epoch ${epoch}`)],
    rows: order.map((c) => [classes[c] ?? String(c), counts[c] ?? null, ...matrix.epochs.map((_, e) => { const value = matrix.values[e * matrix.classes + c] as number; return Number.isNaN(value) ? null : value; })]),
  });
  const onPlace = (x: number, y: number, pressed: boolean) => {
    const place = Math.round(y);
    const at = Math.round(x) - first;
    const inside = place >= 0 && place < rows && at >= 0 && at < matrix.epochs.length;
    properties.onCell?.(inside ? { place, at } : null, pressed);
  };
  return <Chart {...properties} series={[]} onPlace={onPlace} option={option} table={table} height={properties.height ?? Math.min(620, 120 + 14 * rows)} />;
}

function short(name: string): string {
  return name.length > 15 ? `${name.slice(0, 14)}…` : name;
}
