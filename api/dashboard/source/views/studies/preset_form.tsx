// A table or figure of the paper: what it shows, what it needs, how much it trains.
import { plural } from "../../parts/format";
import { Loading } from "../../parts/states";
import { named } from "../../service/catalog";
import type { Catalog, Dataset, Entry } from "../../service/types";
import { query, setQuery, to } from "../../shell/address";
import { useDatasets } from "../datasets/listing";
import { Make } from "./making";
import { presetName } from "./kinds";

/** A study of the catalogue: titles of its columns, labels of its rows, and what each scale trains. */
interface StudyEntry extends Entry {
  columns: string[];
  rows: string[];
  scales: Record<string, { jobs: number; runs: number; datasets: string[]; weights: string[] }>;
}

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
  const trained = entry.scales[scale];
  return (
    <>
      <dl class="facts">
        <div><dt>Source</dt><dd>{entry.citation || "–"}</dd></div>
        <div><dt>Columns</dt><dd>{entry.columns.join(" · ")}</dd></div>
        <div><dt>Rows</dt><dd>{entry.rows.join(" · ")}</dd></div>
        {trained && <div><dt>Trains</dt><dd>{plural(trained.jobs, "job")}, {plural(trained.runs, "run")}</dd></div>}
      </dl>
      {trained && <Needs {...trained} there={datasets.value} catalog={catalog} />}
    </>
  );
}

function Needs({ datasets, weights, there, catalog }: { datasets: string[]; weights: string[]; there: Dataset[] | null; catalog: Catalog }) {
  if (!there) return <Loading what="which data are here" />;
  const state = (name: string) => there.find((each) => each.name === name);
  return (
    <dl class="missing small">
      {datasets.map((name) => (
        <div key={name}>
          <dt><a href={to(`/datasets/${encodeURIComponent(name)}`)}>{named(catalog, "datasets", name)?.title ?? name}</a></dt>
          <dd class={state(name)?.available ? "succeeded" : "waits"}>{state(name)?.available ? "✓ on this machine" : `Not on this machine, so that its cells stay empty: ${state(name)?.message ?? "it is not known"}`}</dd>
        </div>
      ))}
      {weights.length > 0 && <div><dt>Weights</dt><dd class="quiet">{weights.join(", ")}: where they are not on this machine the cells that begin with them stay empty.</dd></div>}
    </dl>
  );
}
