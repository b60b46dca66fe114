// One method: formula, effect, parameters, evidence, when to use it, what it is made of.
import { MethodChip } from "../../parts/badges";
import { percent, plural } from "../../parts/format";
import { Formula } from "../../parts/formula";
import { metric } from "../../parts/metrics";
import { Shown } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { type Property, named, parameters, range, useCatalog } from "../../service/catalog";
import type { Catalog, Entry } from "../../service/types";
import { query, setQuery, to } from "../../shell/address";
import { titled } from "../../shell/title";
import { TASKS } from "../datasets/listing";
import { shown } from "../submit/field";
import { aliasOf, partsOf } from "../submit/method";
import type { Fields } from "../submit/paths";

type MethodEntry = Entry & { compositions: Record<string, Fields> };

export default function MethodView({ name }: { name: string }) {
  const catalog = useCatalog();
  titled((catalog.value && named(catalog.value, "methods", name)?.title) || "Method");
  return (
    <>
      <p class="small"><a href="#/methods">All methods</a></p>
      <Shown of={catalog} what="The catalogue">
        {(value) => {
          const entry = named(value, "methods", name) as MethodEntry | undefined;
          return entry ? <Method entry={entry} catalog={value} /> : <div class="state-box bad"><p>There is no method {name} in this version. <a href="#/methods">All methods</a></p></div>;
        }}
      </Shown>
    </>
  );
}

function Method({ entry, catalog }: { entry: MethodEntry; catalog: Catalog }) {
  const wanted = query.value.get("task") ?? "";
  const task = entry.tasks.includes(wanted) ? wanted : entry.tasks.includes("single_label") ? "single_label" : (entry.tasks[0] ?? "");
  return (
    <>
      <div class="row spread">
        <h1>{entry.title}</h1>
        <a class="button primary" href={to("/submit", { method: entry.name })}>Try it</a>
      </div>
      <div class="row small"><MethodChip name={entry.name} /> <span class="quiet">{entry.citation}</span></div>
      <div class="columns reading">
        <section class="panel" aria-labelledby="does">
          <h2 id="does">What it does</h2>
          {entry.formula && <Formula tex={entry.formula} />}
          {entry.effect && <p>{entry.effect}</p>}
          {!entry.effect && <p>{entry.description}</p>}
          {entry.advice && (<><h3>When to use it</h3><p>{entry.advice}</p></>)}
          {entry.effect && entry.description !== `${entry.title}.` && <p class="quiet small">{entry.description}</p>}
        </section>
        <Made entry={entry} catalog={catalog} task={task} />
      </div>
      <Evidence entry={entry} catalog={catalog} />
    </>
  );
}

interface ParameterRow {
  name: string;
  property: Property;
  value: unknown;
}

const PARAMETERS: Column<ParameterRow>[] = [
  { key: "name", title: "Parameter", cell: (row) => <code>{row.name}</code> },
  { key: "default", title: "Default", cell: (row) => (row.value === null ? "none" : shown(row.value ?? row.property.default)) },
  { key: "range", title: "Values", wide: true, cell: (row) => range(row.property) },
  { key: "description", title: "What it is", wide: true, cell: (row) => row.property.description ?? "" },
];

function Made({ entry, catalog, task }: { entry: MethodEntry; catalog: Catalog; task: string }) {
  const parts = partsOf(entry.compositions[task] ?? {});
  return (
    <section class="panel" aria-labelledby="made">
      <div class="row spread">
        <h2 id="made">What it is made of</h2>
        {entry.tasks.length > 1 && (
          <label class="row small">
            for data with
            <select value={task} onChange={(event) => setQuery({ task: event.currentTarget.value })}>
              {entry.tasks.map((each) => <option key={each} value={each}>{TASKS[each] ?? each}</option>)}
            </select>
          </label>
        )}
      </div>
      {entry.tasks.length === 1 && <p class="quiet small">For data with {TASKS[task] ?? task} only.</p>}
      {parts.map((part) => {
        const found = named(catalog, part.kind, part.name);
        const rows = Object.entries(parameters(found)).map(([name, property]) => ({ name, property, value: part.values[name] }));
        return (
          <div key={part.path} class="made">
            <h3>{found?.title ?? part.name} <code class="quiet xs">method.{part.path}</code></h3>
            {found?.effect && entry.title !== found.title && <p class="small quiet">{found.effect}</p>}
            {rows.length > 0 && <Table caption={`Parameters of ${found?.title ?? part.name}`} columns={PARAMETERS} rows={rows} rowKey={(row) => row.name} />}
          </div>
        );
      })}
    </section>
  );
}

interface Preset {
  name: string;
  title: string;
  citation: string;
  published: Record<string, number>;
  table_row: string | null;
  follows: string;
  spec: Fields;
}

const PRESETS: Column<Preset>[] = [
  { key: "title", title: "Experiment", wide: true, cell: (preset) => preset.title },
  { key: "row", title: "Where", wide: true, cell: (preset) => preset.table_row ?? preset.citation },
  { key: "published", title: "Published", wide: true, cell: (preset) => published(preset.published) },
  { key: "use", title: "Try", cell: (preset) => <a href={to("/submit", { preset: preset.name })} aria-label={`Try ${preset.title}`}>try it</a> },
];

function published(figures: Record<string, number>): string {
  return Object.entries(figures).map(([name, value]) => `${metric(name).title}: ${metric(name).fraction ? percent(value, 2) : value}`).join("; ") || "–";
}

function Evidence({ entry, catalog }: { entry: MethodEntry; catalog: Catalog }) {
  const presets = ((catalog.presets ?? []) as unknown as Preset[]).filter((preset) => aliasOf(preset.spec.method as string) === entry.name);
  return (
    <section class="panel" aria-labelledby="evidence">
      <h2 id="evidence">Evidence</h2>
      <p class="small">{entry.citation}</p>
      {presets.length > 0 ? (
        <>
          <p class="quiet small">{plural(presets.length, "experiment")} with figures to compare with.</p>
          <Table caption={`Presets that use ${entry.title}`} columns={PRESETS} rows={presets} rowKey={(preset) => preset.name} rowHeight={44} />
        </>
      ) : (
        <p class="quiet small">No preset of the paper uses it.</p>
      )}
    </section>
  );
}
