// The frame of every chart: title, legend, hover, PNG and SVG that carry all of it, CSV, and the data as a table.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { save } from "../service/http";
import { scheme } from "../shell/theme";
import { say } from "../shell/notices";
import { type Style } from "./colours";
import { type Cell, csv } from "./csv";
import { type Ink, ink } from "./ink";

export type Option = Record<string, any>;
export interface Named {
  name: string;
  style: Style;
}
/** How much of a series is seen: all of it, or little while others are isolated. */
export type Opacity = (name: string) => number;

export interface ChartProperties {
  title: string;
  /** Said to who cannot see it, beside the table. */
  summary?: string;
  /** Names in the legend; a press isolates a series. */
  series: Named[];
  option: (ink: Ink, opacity: Opacity) => Option;
  table: () => { header: Cell[]; rows: Cell[][] };
  height?: number;
  /** Beside the title. */
  controls?: ComponentChildren;
  /** Charts of one group show their hover together. */
  group?: string;
  /** The part of the x axis shown, as shares of 0 to 100. */
  zoom?: [number, number] | null;
  onZoom?: (zoom: [number, number] | null) => void;
  /** Where in the coordinates of the first grid the pointer is, and whether it was pressed. */
  onPlace?: (x: number, y: number, pressed: boolean) => void;
  /** Pixels of PNG and SVG. */
  exported?: { width: number; height: number };
  level?: 2 | 3;
}

type Instance = import("echarts/core").ECharts;
const DIMMED = 0.12;
const ROWS_SHOWN = 500;

export function Chart(properties: ChartProperties) {
  const { title, series } = properties;
  const [isolated, setIsolated] = useState<string[]>([]);
  const [tableShown, setTableShown] = useState(false);
  const there = isolated.filter((name) => series.some((each) => each.name === name));
  const opacity: Opacity = (name) => (!there.length || there.includes(name) ? 1 : DIMMED);
  const toggle = (name: string) => setIsolated(there.includes(name) ? there.filter((each) => each !== name) : [...there, name]);
  const Heading = properties.level === 2 ? "h2" : "h3";
  return (
    <figure class="chart">
      <figcaption class="row spread">
        <Heading>{title}</Heading>
        <div class="row">{properties.controls}</div>
      </figcaption>
      <Plot {...properties} opacity={opacity} />
      <div class="row spread top">
        {series.length > 1 ? <Legend series={series} isolated={there} toggle={toggle} clear={() => setIsolated([])} /> : <span />}
        <Exports properties={properties} opacity={opacity} tableShown={tableShown} showTable={setTableShown} />
      </div>
      {tableShown && <DataTable title={title} {...properties.table()} />}
    </figure>
  );
}

function Plot(properties: ChartProperties & { opacity: Opacity }) {
  const target = useRef<HTMLDivElement>(null);
  const chart = useRef<Instance | null>(null);
  const latest = useRef(properties);
  latest.current = properties;
  const [ready, setReady] = useState(false);
  const colours = scheme.value;

  useEffect(() => {
    let gone = false;
    const observer = new ResizeObserver(() => chart.current?.resize());
    import("./echarts").then((echarts) => {
      if (gone || !target.current) return;
      const made = echarts.init(target.current, null, { renderer: "canvas" });
      chart.current = made;
      if (latest.current.group) {
        made.group = latest.current.group;
        echarts.connect(latest.current.group);
      }
      made.on("datazoom", () => {
        const zoom = (made.getOption() as Option).dataZoom?.[0];
        if (!zoom || !latest.current.onZoom) return;
        latest.current.onZoom(zoom.start <= 0 && zoom.end >= 100 ? null : [Number(zoom.start.toFixed(2)), Number(zoom.end.toFixed(2))]);
      });
      for (const kind of ["mousemove", "click"] as const) {
        made.getZr().on(kind, (event) => {
          if (!latest.current.onPlace) return;
          const [x = NaN, y = NaN] = made.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]);
          latest.current.onPlace(x, y, kind === "click");
        });
      }
      observer.observe(target.current);
      setReady(true);
    });
    return () => {
      gone = true;
      observer.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    if (!ready) return;
    chart.current?.setOption(shown(latest.current, colours), { replaceMerge: ["series", "xAxis", "yAxis", "visualMap"], lazyUpdate: true });
  });
  const height = properties.height ?? 300;
  return <div ref={target} class="plot" style={{ height: `${height}px` }} role="img" aria-label={`${properties.title}. ${properties.summary ?? "The values are in the table below it."}`} />;
}

function shown(properties: ChartProperties & { opacity: Opacity }, colours: "light" | "dark"): Option {
  const option = properties.option(ink(colours), properties.opacity);
  const zoom = properties.onZoom
    ? [{ type: "inside", xAxisIndex: 0, start: properties.zoom?.[0] ?? 0, end: properties.zoom?.[1] ?? 100, zoomOnMouseWheel: "shift", moveOnMouseWheel: false, filterMode: "none" }]
    : [];
  return { animation: false, aria: { enabled: false }, dataZoom: zoom, ...option };
}

function Legend({ series, isolated, toggle, clear }: { series: Named[]; isolated: string[]; toggle: (name: string) => void; clear: () => void }) {
  return (
    <ul class="legend" aria-label="Series; press one to see it alone">
      {series.map(({ name, style }) => (
        <li key={name}>
          <button type="button" class="plain" aria-pressed={isolated.includes(name)} onClick={() => toggle(name)}>
            <svg width="22" height="10" aria-hidden="true">
              <line x1="0" x2="22" y1="5" y2="5" stroke={style.colour} stroke-width="3" stroke-dasharray={style.dash === "solid" ? undefined : (style.dash as number[]).join(" ")} />
            </svg>
            {name}
          </button>
        </li>
      ))}
      {isolated.length > 0 && <li><button type="button" onClick={clear}>All</button></li>}
    </ul>
  );
}

function Exports({ properties, opacity, tableShown, showTable }: { properties: ChartProperties; opacity: Opacity; tableShown: boolean; showTable: (shown: boolean) => void }) {
  const file = properties.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
  const saved = async (make: () => Promise<Blob>, ending: string) => {
    try {
      save(await make(), `${file}.${ending}`);
    } catch (error) {
      say(`The ${ending.toUpperCase()} could not be made: ${(error as Error).message}`, true);
    }
  };
  return (
    <div class="row small exports">
      <button type="button" onClick={() => saved(() => picture(properties, opacity), "png")}>PNG</button>
      <button type="button" onClick={() => saved(() => vector(properties, opacity), "svg")}>SVG</button>
      <button type="button" onClick={() => saved(async () => numbers(properties), "csv")}>CSV</button>
      <button type="button" aria-expanded={tableShown} onClick={() => showTable(!tableShown)}>Table</button>
    </div>
  );
}

function numbers(properties: ChartProperties): Blob {
  const { header, rows } = properties.table();
  return new Blob([csv(header, rows)], { type: "text/csv" });
}

function DataTable({ title, header, rows }: { title: string; header: Cell[]; rows: Cell[][] }) {
  return (
    <div class="scroll data" tabIndex={0} role="region" aria-label={`Data of ${title}`}>
      <table>
        <caption>{title}{rows.length > ROWS_SHOWN ? `: the first ${ROWS_SHOWN} of ${rows.length} rows; the CSV has all` : ""}</caption>
        <thead><tr>{header.map((cell, i) => <th key={i} scope="col">{cell}</th>)}</tr></thead>
        <tbody>
          {rows.slice(0, ROWS_SHOWN).map((row, i) => (
            <tr key={i}>{row.map((cell, j) => <td key={j} class={typeof cell === "number" ? "number" : undefined}>{typeof cell === "number" ? Number(cell.toPrecision(6)) : cell}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The chart as a file has it: on paper, with title and legend inside. */
function forFile(properties: ChartProperties, opacity: Opacity): Option {
  const paper: Ink = { scheme: "light", text: "#17212b", quiet: "#4a5763", line: "#d5dce2", panel: "#ffffff", accent: "#1d5f85" };
  const option = shown({ ...properties, opacity }, "light");
  const drawn = properties.option(paper, opacity);
  const names = properties.series.map((each) => each.name);
  const lines = names.length > 1 ? Math.ceil(names.join("      ").length / 120) : 0;
  const grids = Array.isArray(drawn.grid) ? drawn.grid : [drawn.grid ?? {}];
  const down = 36 + 22 * lines;
  const pushed = grids.map((grid: Option) => ({ ...grid, top: (typeof grid.top === "number" ? grid.top : 20) + down }));
  return {
    ...option,
    ...drawn,
    animation: false,
    backgroundColor: paper.panel,
    title: { text: properties.title, left: 16, top: 10, textStyle: { color: paper.text, fontSize: 16, fontWeight: 600 } },
    legend: names.length > 1 ? { data: names, top: 38, left: 16, right: 16, textStyle: { color: paper.text } } : undefined,
    grid: Array.isArray(drawn.grid) ? pushed : pushed[0],
  };
}

const PAPER = { width: 1000, height: 520 };

async function vector(properties: ChartProperties, opacity: Opacity): Promise<Blob> {
  const echarts = await import("./echarts");
  const size = properties.exported ?? PAPER;
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, ...size });
  chart.setOption(forFile(properties, opacity));
  const text = chart.renderToSVGString();
  chart.dispose();
  return new Blob([text], { type: "image/svg+xml" });
}

async function picture(properties: ChartProperties, opacity: Opacity): Promise<Blob> {
  const echarts = await import("./echarts");
  const size = properties.exported ?? PAPER;
  const canvas = document.createElement("canvas");
  const chart = echarts.init(canvas, null, { renderer: "canvas", devicePixelRatio: 2, ...size });
  chart.setOption(forFile(properties, opacity));
  const blob = await new Promise<Blob | null>((done) => chart.renderToCanvas().toBlob(done));
  chart.dispose();
  if (!blob) throw new Error("the browser gave no picture");
  return blob;
}
