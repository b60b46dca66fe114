// Reliability: how often predictions are right against how sure they are, the diagonal where both agree, examples by confidence below.
import { scheme } from "../shell/theme";
import { Chart, type ChartProperties, type Opacity, type Option } from "./chart";
import { styles } from "./colours";
import { type Ink, axis, hover, hoverBox } from "./ink";

/** Predictions whose confidence is in one part of 0 to 1. */
export interface Bin {
  from: number;
  to: number;
  examples: number;
  /** Means over the examples; null where there are none. */
  confidence: number | null;
  accuracy: number | null;
}

export interface Reliable {
  name: string;
  /** What its colour stands for. */
  method: string;
  bins: Bin[];
}

export interface ReliabilityProperties extends Pick<ChartProperties, "title" | "summary" | "level"> {
  curves: Reliable[];
}

const AXIS = { min: 0, max: 100 };
const HEIGHT = 460;

export function Reliability(properties: ReliabilityProperties) {
  const { curves } = properties;
  const methods = curves.map((each) => each.method);
  const looks = styles(methods, scheme.value);
  const option = (ink: Ink, opacity: Opacity): Option => {
    const drawn = styles(methods, ink.scheme);
    return {
      grid: [{ left: 64, right: 18, top: 16, height: 260 }, { left: 64, right: 18, top: 306, bottom: 46 }],
      tooltip: { ...hoverBox(ink), trigger: "item", formatter: (item: any) => told(curves, item) },
      xAxis: [
        { type: "value", gridIndex: 0, ...axis(ink, "", false, 0), ...AXIS, axisLabel: { show: false } },
        { type: "value", gridIndex: 1, ...axis(ink, "confidence, %", false, 28), ...AXIS },
      ],
      yAxis: [
        { type: "value", gridIndex: 0, ...axis(ink, "right, %", true, 46), ...AXIS },
        { type: "value", gridIndex: 1, ...axis(ink, "examples, %", true, 46), ...AXIS, splitNumber: 2 },
      ],
      series: [
        { type: "line", name: "as sure as right", data: [[0, 0], [100, 100]], showSymbol: false, silent: true, color: ink.quiet, lineStyle: { width: 1, type: "dashed" }, tooltip: { show: false } },
        ...curves.flatMap((each, i) => [accuracies(each, drawn[i]!, opacity(each.name)), shares(each, drawn[i]!, opacity(each.name))]),
      ],
    };
  };
  const table = () => ({
    header: ["series", "confidence from %", "to %", "examples", "mean confidence %", "right %"],
    rows: curves.flatMap(({ name, bins }) => bins.map((bin) => [name, 100 * bin.from, 100 * bin.to, bin.examples, hundred(bin.confidence), hundred(bin.accuracy)])),
  });
  const series = curves.map(({ name }, i) => ({ name, style: looks[i]! }));
  return <Chart {...properties} series={series} option={option} table={table} height={HEIGHT} exported={{ width: 720, height: 620 }} />;
}

const hundred = (value: number | null) => (value === null ? null : 100 * value);

type Look = ReturnType<typeof styles>[number];

function accuracies({ name, bins }: Reliable, look: Look, opacity: number): Option {
  const data = bins.flatMap((bin, at) => (bin.confidence === null || bin.accuracy === null ? [] : [{ value: [100 * bin.confidence, 100 * bin.accuracy], at }]));
  return { id: `${name} right`, name, type: "line", data, color: look.colour, symbol: look.symbol, symbolSize: 7, lineStyle: { width: 2, type: look.dash, opacity }, itemStyle: { opacity }, z: 3, emphasis: { disabled: true } };
}

function shares({ name, bins }: Reliable, look: Look, opacity: number): Option {
  const all = bins.reduce((sum, bin) => sum + bin.examples, 0) || 1;
  const data = bins.flatMap((bin, at) => {
    const share = (100 * bin.examples) / all;
    return [{ value: [100 * bin.from, share], at }, { value: [100 * bin.to, share], at }];
  });
  return { id: `${name} examples`, name, type: "line", xAxisIndex: 1, yAxisIndex: 1, data, color: look.colour, showSymbol: false, lineStyle: { width: 1.5, type: look.dash, opacity }, areaStyle: { opacity: 0.06 * opacity }, emphasis: { disabled: true } };
}

function told(curves: Reliable[], item: any): HTMLElement {
  const bin = curves.find((each) => each.name === item.seriesName)?.bins[item.data?.at];
  if (!bin) return hover(item.seriesName ?? "", []);
  const percent = (value: number | null) => (value === null ? "–" : `${(100 * value).toFixed(1)} %`);
  return hover(item.seriesName, [
    { name: "right", colour: item.color, value: percent(bin.accuracy) },
    { name: "sure on average", value: percent(bin.confidence) },
    { name: "test examples", value: bin.examples.toLocaleString("en") },
  ]);
}
