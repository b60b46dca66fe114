// Curves over epochs (or another x): means, bands of one standard deviation, and each seed faintly.
import { Chart, type ChartProperties, type Opacity, type Option } from "./chart";
import { styles } from "./colours";
import { scheme } from "../shell/theme";
import { type Ink, axis, hover, hoverBox } from "./ink";

export interface Line {
  name: string;
  /** What its colour stands for. */
  method: string;
  x: number[];
  mean: (number | null)[];
  /** Half the width of the band. */
  deviation?: (number | null)[];
  /** How many runs stand behind each mean. */
  n?: number[];
  /** Single runs, drawn faintly. */
  each?: { name: string; x: number[]; y: (number | null)[] }[];
}

export interface LinesProperties extends Pick<ChartProperties, "title" | "height" | "controls" | "group" | "zoom" | "onZoom" | "level" | "summary"> {
  xTitle: string;
  yTitle: string;
  lines: Line[];
  /** Multiplies values: 100 for percent. */
  scale?: number;
  logarithmic?: boolean;
  /** A vertical line. */
  mark?: number | null;
  yRange?: [number | null, number | null];
}

export function Lines(properties: LinesProperties) {
  const { lines, scale = 1 } = properties;
  const looks = styles(lines.map((line) => line.method), scheme.value);
  const series = lines.map((line, i) => ({ name: line.name, style: looks[i]! }));
  const option = (ink: Ink, opacity: Opacity): Option => {
    const drawn = styles(lines.map((line) => line.method), ink.scheme);
    return {
      grid: { left: 64, right: 18, top: 16, bottom: 46 },
      tooltip: { ...hoverBox(ink), trigger: "axis", axisPointer: { type: "line" }, formatter: (items: any) => told(items, properties) },
      xAxis: { type: "value", ...axis(ink, properties.xTitle, false, 28), min: "dataMin", max: "dataMax", minInterval: 1 },
      yAxis: { type: properties.logarithmic ? "log" : "value", ...axis(ink, properties.yTitle, true, 46), scale: true, ...extent(properties), axisLabel: { color: ink.quiet, fontSize: 12, showMinLabel: false, showMaxLabel: false } },
      series: lines.flatMap((line, i) => drawnLine(line, i, drawn[i]!, opacity(line.name), scale, i === 0 ? properties.mark : null, ink)),
    };
  };
  const table = () => {
    const xs = [...new Set(lines.flatMap((line) => line.x))].sort((a, b) => a - b);
    const places = lines.map((line) => new Map(line.x.map((x, i) => [x, i])));
    const header = [properties.xTitle, ...lines.flatMap((line) => [`${line.name}: mean`, `${line.name}: standard deviation`, `${line.name}: n`])];
    const rows = xs.map((x) => [
      x,
      ...lines.flatMap((line, i) => {
        const at = places[i]!.get(x);
        if (at === undefined) return [null, null, null];
        const times = (value: number | null | undefined) => (value === null || value === undefined ? null : scale * value);
        return [times(line.mean[at]), times(line.deviation?.[at]), line.n?.[at] ?? null];
      }),
    ]);
    return { header, rows };
  };
  return <Chart {...properties} series={series} option={option} table={table} />;
}

function extent(properties: LinesProperties): Option {
  if (properties.yRange) return { min: properties.yRange[0] ?? undefined, max: properties.yRange[1] ?? undefined };
  if (properties.logarithmic) return {};
  let low = Infinity;
  let high = -Infinity;
  for (const line of properties.lines) {
    line.mean.forEach((mean, i) => {
      if (mean === null || !Number.isFinite(mean)) return;
      const half = line.deviation?.[i] ?? 0;
      low = Math.min(low, mean - half);
      high = Math.max(high, mean + half);
    });
  }
  if (!Number.isFinite(low)) return {};
  const scale = properties.scale ?? 1;
  const pad = (high - low || Math.abs(high) || 1) * 0.04;
  const round = (value: number) => Number((scale * value).toPrecision(3));
  return { min: low >= 0 ? Math.max(0, round(low - pad)) : round(low - pad), max: round(high + pad) };
}

function drawnLine(line: Line, order: number, style: { colour: string; dash: string | number[]; symbol: string }, opacity: number, scale: number, mark: LinesProperties["mark"], ink: Ink): Option[] {
  const points = line.x.map((x, i) => [x, line.mean[i] === null ? null : scale * (line.mean[i] as number)]);
  const drawn: Option[] = [
    {
      id: `line ${order}`,
      name: line.name,
      type: "line",
      data: points,
      color: style.colour,
      lineStyle: { width: 2, type: style.dash, opacity },
      itemStyle: { opacity },
      symbol: style.symbol,
      symbolSize: 5,
      showSymbol: points.length < 2,
      z: 3,
      emphasis: { disabled: true },
      ...(typeof mark === "number" ? { markLine: { silent: true, symbol: "none", lineStyle: { color: ink.quiet, type: "dashed" }, label: { show: false }, data: [{ xAxis: mark }] } } : {}),
    },
  ];
  if (line.deviation?.some((half) => half)) drawn.push(band(line, order, style.colour, opacity, scale));
  line.each?.forEach((run, i) =>
    drawn.push({ id: `run ${order} ${i}`, type: "line", data: run.x.map((x, j) => [x, run.y[j] === null ? null : scale * (run.y[j] as number)]), color: style.colour, lineStyle: { width: 1, opacity: 0.35 * opacity }, showSymbol: false, silent: true, z: 2, tooltip: { show: false } }),
  );
  return drawn;
}

function band(line: Line, order: number, colour: string, opacity: number, scale: number): Option {
  const known = line.x.map((x, i) => ({ x, mean: line.mean[i], half: line.deviation?.[i] ?? 0 })).filter((point): point is { x: number; mean: number; half: number } => point.mean !== null && point.mean !== undefined);
  return {
    id: `band ${order}`,
    type: "custom",
    data: known.length ? [[known[0]!.x, scale * known[0]!.mean]] : [],
    silent: true,
    clip: true,
    z: 1,
    tooltip: { show: false },
    renderItem: (_: unknown, api: any) => {
      const above = known.map((point) => api.coord([point.x, scale * (point.mean + point.half)]));
      const below = known.map((point) => api.coord([point.x, scale * (point.mean - point.half)]));
      return { type: "polygon", shape: { points: [...above, ...below.reverse()] }, style: { fill: colour, opacity: 0.16 * opacity } };
    },
  };
}

function told(items: any, properties: LinesProperties): HTMLElement {
  const list = (Array.isArray(items) ? items : [items]).filter((item: any) => item.seriesType === "line" && item.seriesName && !String(item.seriesId).startsWith("run"));
  const rows = list
    .filter((item: any) => item.value?.[1] !== null && item.value?.[1] !== undefined)
    .sort((a: any, b: any) => b.value[1] - a.value[1])
    .map((item: any) => {
      const line = properties.lines.find((each) => each.name === item.seriesName);
      const at = line ? line.x.indexOf(item.value[0]) : -1;
      const half = at >= 0 ? line?.deviation?.[at] : null;
      const spread = half ? ` ± ${((properties.scale ?? 1) * half).toPrecision(2)}` : "";
      return { name: item.seriesName, colour: item.color, value: `${Number(item.value[1].toPrecision(4))}${spread}` };
    });
  return hover(`${properties.xTitle} ${list[0]?.value?.[0] ?? ""}`, rows);
}
