// Single values as dots in groups told apart by colour and symbol, with a line of steps where something is best so far.
import { scheme } from "../shell/theme";
import { Chart, type ChartProperties, type Opacity, type Option } from "./chart";
import { numbered, styles } from "./colours";
import { type Ink, axis, hover, hoverBox } from "./ink";

export interface Dot {
  key: string;
  x: number;
  y: number;
  group: string;
  /** Said on hover, below the name. */
  told: { name: string; value: string }[];
}

export interface DotsProperties extends Pick<ChartProperties, "title" | "height" | "controls" | "level" | "summary"> {
  xTitle: string;
  yTitle: string;
  dots: Dot[];
  groups: string[];
  /** What a dot is called, as the table's first column. */
  what: string;
  /** Names of the values of a category axis; x is then a place among them. */
  categories?: string[];
  logarithmic?: boolean;
  /** Best so far: [x, y], held until the next. */
  steps?: [number, number][];
  /** The dot with a ring, and what chooses another. */
  chosen?: string | null;
  onChoose?: (key: string) => void;
}

const SYMBOLS = ["circle", "rect", "triangle", "diamond"];
const STEPS = "best so far";
/** A press so close to a dot, as a share of the axes, chooses it. */
const NEAR = 0.04;

export function Dots(properties: DotsProperties) {
  const { dots, groups, steps } = properties;
  const looks = styles(groups.map((_, i) => numbered(i)), scheme.value);
  const named = groups.map((name, i) => ({ name, style: { ...looks[i]!, dash: "solid" as const } }));
  const line = { name: STEPS, style: { colour: scheme.value === "light" ? "#17212b" : "#e6ecf1", dash: [7, 4], symbol: "none" } };
  const table = () => ({
    header: [properties.what, properties.xTitle, properties.yTitle, "group"],
    rows: dots.map((dot) => [dot.key, properties.categories?.[dot.x] ?? dot.x, dot.y, dot.group]),
  });
  const onPlace = (x: number, y: number, pressed: boolean) => {
    const found = pressed ? nearest(properties, x, y) : null;
    if (found) properties.onChoose?.(found.key);
  };
  return <Chart {...properties} series={steps?.length ? [line, ...named] : named} option={(ink, opacity) => drawn(properties, ink, opacity)} table={table} onPlace={properties.onChoose && onPlace} />;
}

function drawn(properties: DotsProperties, ink: Ink, opacity: Opacity): Option {
  const { dots, groups, steps, categories } = properties;
  const looks = styles(groups.map((_, i) => numbered(i)), ink.scheme);
  const xAxis = categories ? { type: "category", data: categories } : { type: properties.logarithmic ? "log" : "value", scale: true };
  return {
    grid: { left: 62, right: 18, top: 16, bottom: 46 },
    tooltip: { ...hoverBox(ink), trigger: "item", formatter: (item: any) => told(dots[item.data?.at], properties) },
    xAxis: { ...axis(ink, properties.xTitle, false, 28), ...xAxis, splitLine: { show: false } },
    yAxis: { type: "value", ...axis(ink, properties.yTitle, true, 46), scale: true },
    series: [
      ...(steps?.length ? [{ id: "steps", name: STEPS, type: "line", step: "end", data: steps, color: ink.text, lineStyle: { width: 1.5, type: [7, 4], opacity: opacity(STEPS) }, showSymbol: false, silent: true, z: 2, tooltip: { show: false } }] : []),
      ...groups.map((group, i) => ({
        id: `group ${group}`, name: group, type: "scatter", z: 3, symbol: SYMBOLS[i % SYMBOLS.length], symbolSize: 9, color: looks[i]!.colour, emphasis: { disabled: true },
        data: dots.flatMap((dot, at) => (dot.group === group ? [{ value: [dot.x, dot.y], at, ...ring(dot.key === properties.chosen, opacity(group), ink) }] : [])),
      })),
    ],
  };
}

function ring(chosen: boolean, opacity: number, ink: Ink): Option {
  if (!chosen) return { itemStyle: { opacity: 0.85 * opacity, borderColor: ink.panel, borderWidth: 1 } };
  return { symbolSize: 15, itemStyle: { opacity: 1, borderColor: ink.text, borderWidth: 2.5 } };
}

function nearest({ dots, logarithmic }: DotsProperties, x: number, y: number): Dot | null {
  const along = (value: number) => (logarithmic ? Math.log10(value) : value);
  const [xs, ys] = [dots.map((dot) => along(dot.x)), dots.map((dot) => dot.y)];
  const width = Math.max(...xs) - Math.min(...xs) || 1;
  const height = Math.max(...ys) - Math.min(...ys) || 1;
  const far = (i: number) => Math.hypot((xs[i]! - along(x)) / width, (ys[i]! - y) / height);
  const best = dots.map((_, i) => i).sort((a, b) => far(a) - far(b))[0];
  return best !== undefined && far(best) <= NEAR ? dots[best]! : null;
}

const told = (dot: Dot | undefined, { what }: DotsProperties): HTMLElement => (dot ? hover(`${what} ${dot.key}`, dot.told) : hover("", []));
