// Class x epoch as a picture: classes by rank from left to right, epochs downward, their training examples above.
// One pixel for each value, drawn on a canvas and placed by the chart: 8,142 classes take as long as ten.
import type { Matrix } from "../service/http";
import { Chart, type ChartProperties, type Option } from "./chart";
import { diverging, rising } from "./colours";
import { type Ink, axis } from "./ink";

export interface HeatProperties extends Pick<ChartProperties, "title" | "height" | "controls" | "level"> {
  matrix: Matrix;
  /** Class of each column, most frequent first. */
  order: number[];
  classes: string[];
  counts: number[];
  /** diverging: around zero, in percent; sequential: from 0 to 1. */
  scale: "diverging" | "sequential";
  /** Multiplies values for the axis of colours. */
  times: number;
  /** The epoch that a line marks, and the class (its place) that another does. */
  epoch: number;
  place: number;
  /** The cell that the pointer is at (its places in `order` and `matrix.epochs`), and whether it was pressed. */
  onCell: (cell: { place: number; at: number } | null, pressed: boolean) => void;
}

const SAMPLED = 20_000;
const SMALLEST_SIDE = 900;
const LEFT = 64;

/** Where the colours end, below and above zero. A loss cannot fall by more than all of itself, but rise by far more. */
interface Ends {
  below: number;
  above: number;
}

/** The sizes that most values (98 %) of either sign stay below: a few extremes do not flatten the rest. */
function ends(values: Float32Array): Ends {
  const step = Math.max(1, Math.floor(values.length / SAMPLED));
  const [below, above]: [number[], number[]] = [[], []];
  for (let i = 0; i < values.length; i += step) {
    const value = values[i] as number;
    if (value < 0) below.push(-value);
    else if (value > 0) above.push(value);
  }
  const [low, high] = [below, above].map((sizes) => {
    sizes.sort((a, b) => a - b);
    return sizes[Math.floor(0.98 * (sizes.length - 1))] ?? 0;
  }) as [number, number];
  return { below: low || high || 1, above: high || low || 1 };
}

function painted({ matrix, order, scale }: HeatProperties, ink: Ink, { below, above }: Ends): HTMLCanvasElement {
  const small = document.createElement("canvas");
  small.width = Math.max(1, order.length);
  small.height = Math.max(1, matrix.epochs.length);
  const context = small.getContext("2d") as CanvasRenderingContext2D;
  const image = context.createImageData(small.width, small.height);
  const colours = Array.from({ length: 513 }, (_, i) => (scale === "diverging" ? diverging((i - 256) / 256, ink.scheme) : rising(i / 512, ink.scheme)));
  for (let e = 0; e < matrix.epochs.length; e += 1) {
    for (let place = 0; place < order.length; place += 1) {
      const value = matrix.values[e * matrix.classes + (order[place] as number)] as number;
      if (Number.isNaN(value)) continue;
      const share = Math.max(-1, Math.min(1, value / (value < 0 ? below : above)));
      const colour = colours[scale === "diverging" ? 256 + Math.round(256 * share) : Math.round(512 * Math.max(0, share))] as [number, number, number];
      const at = 4 * (e * small.width + place);
      image.data[at] = colour[0];
      image.data[at + 1] = colour[1];
      image.data[at + 2] = colour[2];
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
  return enlarged(small);
}

/** Cells with sharp edges, however large they are shown. */
function enlarged(small: HTMLCanvasElement): HTMLCanvasElement {
  const [across, down] = [small.width, small.height].map((side) => Math.ceil(SMALLEST_SIDE / side)) as [number, number];
  if (across === 1 && down === 1) return small;
  const large = document.createElement("canvas");
  large.width = across * small.width;
  large.height = down * small.height;
  const context = large.getContext("2d") as CanvasRenderingContext2D;
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, large.width, large.height);
  return large;
}

export function Heat(properties: HeatProperties) {
  const { matrix, order, classes, counts, scale, times } = properties;
  const most = scale === "diverging" ? ends(matrix.values) : { below: 0, above: 1 };
  const drawn = new Map<string, HTMLCanvasElement>();
  const columns = order.length;
  const first = matrix.epochs[0] ?? 1;
  const last = matrix.epochs.at(-1) ?? 1;
  const option = (ink: Ink): Option => {
    const picture = drawn.get(ink.scheme) ?? painted(properties, ink, most);
    drawn.set(ink.scheme, picture);
    const ranks = { type: "value", min: -0.5, max: columns - 0.5, minInterval: 1, splitLine: { show: false } };
    const named = (place: number) => (Number.isInteger(place) && place >= 0 && place < columns ? short(classes[order[place] ?? 0] ?? "") : "");
    const edge = (value: number) => `${Number((times * value).toPrecision(2))}${times === 100 ? " %" : ""}`;
    const line = (id: string, data: number[][]) => ({ id, type: "line", data, showSymbol: false, silent: true, z: 4, lineStyle: { color: ink.text, width: 1.5, type: "dashed" } });
    return {
      grid: [{ left: LEFT, right: 84, top: 84, bottom: 46 }, { left: LEFT, right: 84, top: 12, height: 56 }],
      xAxis: [
        { ...axis(ink, "classes, most frequent first", false, 28), ...ranks, axisLabel: { color: ink.quiet, fontSize: 11, hideOverlap: true, showMinLabel: false, showMaxLabel: false, formatter: named } },
        { ...ranks, gridIndex: 1, show: false },
      ],
      yAxis: [
        { type: "value", inverse: true, min: first - 0.5, max: last + 0.5, minInterval: 1, ...axis(ink, "epoch", true, 40), splitLine: { show: false }, axisLabel: { color: ink.quiet, fontSize: 11, showMinLabel: false, showMaxLabel: false } },
        { type: "log", gridIndex: 1, min: 1, ...axis(ink, "examples", true, 40), splitNumber: 2 },
      ],
      visualMap: {
        type: "continuous", min: 0, max: 1, seriesIndex: [], right: 2, top: 96, calculable: false, itemHeight: 130, itemWidth: 12,
        inRange: { color: [0, 0.25, 0.5, 0.75, 1].map((share) => `rgb(${(scale === "diverging" ? diverging(2 * share - 1, ink.scheme) : rising(share, ink.scheme)).join(",")})`) },
        text: [edge(most.above), edge(-most.below)], textStyle: { color: ink.quiet, fontSize: 11 },
      },
      series: [
        {
          id: "picture", type: "custom", data: [[0, first]], silent: true, clip: true, z: 1,
          renderItem: (_: unknown, api: any) => {
            const [left, top] = api.coord([-0.5, first - 0.5]);
            const [right, bottom] = api.coord([columns - 0.5, last + 0.5]);
            return { type: "image", style: { image: picture, x: left, y: top, width: right - left, height: bottom - top } };
          },
        },
        line("epoch", [[-0.5, properties.epoch], [columns - 0.5, properties.epoch]]),
        line("class", [[properties.place, first - 0.5], [properties.place, last + 0.5]]),
        { id: "counts", type: "line", xAxisIndex: 1, yAxisIndex: 1, step: "middle", data: order.map((c, place) => [place, counts[c] || null]), showSymbol: false, silent: true, color: ink.quiet, areaStyle: { opacity: 0.25, origin: "start" }, lineStyle: { width: 1 } },
      ],
    };
  };
  const table = () => ({
    header: ["class", "training examples", ...matrix.epochs.map((epoch) => `epoch ${epoch}`)],
    rows: order.map((c) => [classes[c] ?? String(c), counts[c] ?? null, ...matrix.epochs.map((_, e) => known(matrix.values[e * matrix.classes + c]))]),
  });
  const onPlace = (x: number, y: number, pressed: boolean) => {
    const place = Math.round(x);
    const at = Math.round(y) - first;
    const inside = place >= 0 && place < columns && at >= 0 && at < matrix.epochs.length;
    properties.onCell(inside ? { place, at } : null, pressed);
  };
  return <Chart {...properties} series={[]} option={option} table={table} onPlace={onPlace} height={properties.height ?? 420} exported={{ width: 1100, height: 700 }} />;
}

function known(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

function short(name: string): string {
  return name.length > 15 ? `${name.slice(0, 14)}…` : name;
}
