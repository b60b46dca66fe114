// Errors of two classes along a bound: the closed form as lines, drawn examples as points, what the theorem does not claim shaded.
import { scheme } from "../shell/theme";
import { Chart, type ChartProperties, type Opacity, type Option } from "./chart";
import { ofClasses } from "./colours";
import { type Ink, axis, hover, hoverBox } from "./ink";

type Values = (number | null)[];
export interface Errors {
  values: number[];
  minority: Values;
  majority: Values;
  total: Values;
}
export type Part = "minority" | "majority" | "total";

export interface Stretch {
  from: number;
  to: number;
  reason: string;
}

export interface ErrorsProperties extends Pick<ChartProperties, "title" | "summary" | "level" | "height"> {
  xTitle: string;
  names: Record<Part, string>;
  curve: Errors;
  drawn: Errors;
  /** Where the solution is not the best threshold, and why. */
  shaded: Stretch[];
}

const PARTS: Part[] = ["minority", "majority", "total"];

export function ErrorCurves(properties: ErrorsProperties) {
  const { names, curve, drawn } = properties;
  const looks = ofClasses(scheme.value);
  const option = (ink: Ink, opacity: Opacity): Option => ({
    grid: { left: 58, right: 18, top: 30, bottom: 46 },
    tooltip: { ...hoverBox(ink), trigger: "axis", axisPointer: { type: "line" }, formatter: (items: any) => told(items, properties) },
    xAxis: { type: "value", ...axis(ink, properties.xTitle, false, 28), min: curve.values[0], max: "dataMax", axisLabel: { color: ink.quiet, fontSize: 12, hideOverlap: true, showMaxLabel: false } },
    yAxis: { type: "value", scale: true, ...axis(ink, "error, %", true, 40) },
    series: PARTS.flatMap((part, i) => plotted(part, names[part], properties, ink, opacity(names[part]), i === 0)),
  });
  const table = () => ({
    header: [properties.xTitle, ...PARTS.map((part) => `${names[part]}, %`), ...PARTS.map((part) => `${names[part]}, drawn examples, %`)],
    rows: curve.values.map((value, i) => {
      const at = drawn.values.indexOf(value);
      return [value, ...PARTS.map((part) => hundred(curve[part][i])), ...PARTS.map((part) => (at < 0 ? null : hundred(drawn[part][at])))];
    }),
  });
  return <Chart {...properties} series={PARTS.map((part) => ({ name: names[part], style: looks[part] }))} option={option} table={table} height={properties.height ?? 320} />;
}

const hundred = (value: number | null | undefined) => (value === null || value === undefined ? null : 100 * value);

function plotted(part: Part, name: string, { curve, drawn, shaded }: ErrorsProperties, ink: Ink, opacity: number, first: boolean): Option[] {
  const { colour, dash, symbol } = ofClasses(ink.scheme)[part];
  const areas = shaded.map(({ from, to, reason }) => [{ xAxis: from, name: reason }, { xAxis: to }]);
  return [
    {
      id: part, name, type: "line", data: curve.values.map((x, i) => [x, hundred(curve[part][i])]), showSymbol: false, color: colour, lineStyle: { width: 2, type: dash, opacity }, z: 3, emphasis: { disabled: true },
      ...(first && areas.length ? { markArea: { silent: true, itemStyle: { color: ink.quiet, opacity: 0.13 }, label: { show: false }, data: areas } } : {}),
    },
    { id: `${part} drawn`, name: `${name}, drawn`, type: "scatter", data: drawn.values.map((x, i) => [x, hundred(drawn[part][i])]), symbol, symbolSize: 8, color: colour, itemStyle: { opacity, borderColor: ink.panel, borderWidth: 1 }, z: 4, silent: true, tooltip: { show: false } },
  ];
}

function told(items: any, properties: ErrorsProperties): HTMLElement {
  const lines = (Array.isArray(items) ? items : [items]).filter((item: any) => item.seriesType === "line" && typeof item.value?.[1] === "number");
  const x = lines[0]?.value?.[0];
  const rows = lines.map((item: any) => ({ name: item.seriesName, colour: item.color, value: `${item.value[1].toFixed(2)} %` }));
  const reason = properties.shaded.find((each) => x >= each.from && x <= each.to)?.reason;
  return hover(`${properties.xTitle}: ${x === undefined ? "" : Number(x.toPrecision(4))}`, reason ? [...rows, { name: reason, value: "" }] : rows);
}
