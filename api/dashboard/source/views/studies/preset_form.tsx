// A table or figure of the paper: what it shows, what it needs, how much it trains.
import { plural } from "../../parts/format";
import { named } from "../../service/catalog";
import type { Catalog, Dataset, Entry, StudyColumn } from "../../service/types";
import { query, setQuery, to } from "../../shell/address";
import { useDatasets } from "../datasets/listing";
import { Make } from "./making";
import { presetName } from "./kinds";

/** A study of the catalogue: where each cell comes from. */
interface StudyEntry extends Entry {
  columns?: StudyColumn[];
  rows?: { label: string; cells: Record<string, { preset?: string; method?: Record<string, unknown> }> }[];
  notes?: string[];
}
type PresetEntry = Entry & { spec?: { dataset?: { name?: string } | string; seeds?: number[]; epochs?: number } };

const SCALES: [string, string, string][] = [
  ["full", "as printed", "The paper's data, networks and lengths. Cells whose data are not on this machine are named with what goes where; the others are trained."],
  ["cpu", "made small", "The same rows and columns on small data that stand in, within ten minutes on two cores. Its figures cannot be compared with the printed ones."],
];

export function PresetForm({ catalog }: { catalog: Catalog }) {
  const entries = (catalog.studies ?? []) as StudyEntry[];
  const chosen = entries.find((each) => each.name === query.value.get("preset")) ?? null;
  const scale = query.value.get("scale") === "full" ? "full" : "cpu";
  const sorted = [...entries].sort((a, b) => order(a.name).localeCompare(order(b.name), "en", { numeric: true }));
  return (
    <form class="panel stack" onSubmit={(event) => event.preventDefault()}>
      <label class="field">
        Which one
        <select value={chosen?.name ?? ""} onChange={(event) => setQuery({ preset: event.currentTarget.value || null })}>
          <option value="">choose one</option>
          {sorted.map((each) => <option key={each.name} value={each.name}>{each.title || presetName(each.name)}</option>)}
        </select>
      </label>
      {!entries.length && <p class="quiet">The catalogue of this service has no studies.</p>}
      <fieldset class="stack">
        <legend>Scale</legend>
        {SCALES.map(([key, title, words]) => (
          <label key={key} class="check"><input type="radio" name="scale" checked={key === scale} onChange={() => setQuery({ scale: key === "cpu" ? null : key })} /> <span><strong>{title}</strong>: {words}</span></label>
        ))}
      </fieldset>
      {chosen && <About entry={chosen} scale={scale} catalog={catalog} />}
      <Make body={{ preset: chosen?.name, scale }} ready={chosen !== null} />
    </form>
  );
}

/** Tables, then figures, then the others. */
const order = (name: string) => (name.startsWith("table") ? `0${name}` : name.startsWith("fig") ? `1${name}` : `2${name}`);

function About({ entry, scale, catalog }: { entry: StudyEntry; scale: string; catalog: Catalog }) {
  const datasets = useDatasets();
  const presets = presetsOf(entry, catalog);
  const seeds = presets.reduce((sum, preset) => sum + (preset.spec?.seeds?.length ?? 1), 0);
  return (
    <>
      {entry.description && <p>{entry.description}</p>}
      <dl class="facts">
        <div><dt>Source</dt><dd>{entry.citation || "–"}</dd></div>
        {entry.rows && entry.columns && <div><dt>Table</dt><dd>{plural(entry.rows.length, "row")}, {plural(entry.columns.length, "column")}</dd></div>}
        {presets.length > 0 && <div><dt>Trains</dt><dd>{plural(presets.length, "job")}, {scale === "full" ? plural(seeds, "run") : "three seeds each"}</dd></div>}
      </dl>
      {scale === "full" && <Needs names={[...new Set(presets.map(datasetOf).filter(Boolean))]} datasets={datasets.value} catalog={catalog} />}
      {entry.notes?.map((note) => <p key={note} class="quiet small">{note}</p>)}
    </>
  );
}

/** One for each training: cells of the same preset and parameters share it. */
function presetsOf(entry: StudyEntry, catalog: Catalog): PresetEntry[] {
  const cells = (entry.rows ?? []).flatMap((row) => Object.values(row.cells)).filter((cell) => cell.preset);
  const trained = new Map(cells.map((cell) => [`${cell.preset} ${JSON.stringify(cell.method ?? {})}`, cell.preset as string]));
  return [...trained.values()].flatMap((name) => named(catalog, "presets", name) ?? []) as PresetEntry[];
}

function datasetOf({ spec }: PresetEntry): string {
  const dataset = spec?.dataset;
  return (typeof dataset === "string" ? dataset : dataset?.name) ?? "";
}

function Needs({ names, datasets, catalog }: { names: string[]; datasets: Dataset[] | null; catalog: Catalog }) {
  if (!names.length || !datasets) return null;
  const state = (name: string) => datasets.find((each) => each.name === name);
  return (
    <dl class="missing small">
      {names.map((name) => (
        <div key={name}>
          <dt><a href={to(`/datasets/${encodeURIComponent(name)}`)}>{named(catalog, "datasets", name)?.title ?? name}</a></dt>
          <dd class={state(name)?.available ? "succeeded" : "waits"}>{state(name)?.available ? "✓ on this machine" : `Not on this machine: ${state(name)?.message ?? "it is not known"}`}</dd>
        </div>
      ))}
    </dl>
  );
}
