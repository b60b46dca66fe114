// Which data there are, what goes where for those that are not, a file to upload and a path to register.
import { useMemo } from "preact/hooks";
import { number, plural } from "../../parts/format";
import { Empty, Shown } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { named, useCatalog } from "../../service/catalog";
import type { Catalog, Dataset } from "../../service/types";
import { query, setQuery, to } from "../../shell/address";
import { Register } from "./register";
import { Upload } from "./upload";
import { TASKS, useDatasets } from "./listing";

export default function DatasetsView() {
  const datasets = useDatasets();
  const catalog = useCatalog().value;
  return (
    <>
      <h1>Data sets</h1>
      <section class="panel">
        <Filters />
        <Shown of={datasets} what="The list of data sets">{(items) => <List items={items} catalog={catalog} />}</Shown>
      </section>
      <Upload done={datasets.refresh} />
      <Register done={datasets.refresh} />
    </>
  );
}

function Filters() {
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label class="field">
        Name
        <input type="search" data-search value={query.value.get("name") ?? ""} onInput={(event) => setQuery({ name: event.currentTarget.value })} />
      </label>
      <label class="check">
        <input type="checkbox" checked={query.value.get("here") === "1"} onChange={(event) => setQuery({ here: event.currentTarget.checked ? "1" : null })} /> Only those on this machine
      </label>
    </form>
  );
}

export const titleOf = (name: string, catalog: Catalog | null): string => (catalog ? (named(catalog, "datasets", name)?.title ?? name) : name);

function List({ items, catalog }: { items: Dataset[]; catalog: Catalog | null }) {
  const columns = useMemo(() => columnsOf(catalog), [catalog]);
  const sought = (query.value.get("name") ?? "").toLowerCase();
  const shown = items
    .filter((each) => `${each.name} ${titleOf(each.name, catalog)}`.toLowerCase().includes(sought) && (each.available || query.value.get("here") !== "1"))
    .sort((a, b) => Number(b.available) - Number(a.available));
  if (!shown.length) return <Empty>No data set matches these filters. <a href="#/datasets">All data sets</a></Empty>;
  return (
    <>
      <Table caption="Data sets" columns={columns} rows={shown} rowKey={(each) => each.name} rowHeight={44} />
      <p class="quiet small" role="status">{plural(shown.length, "data set")}, {shown.filter((each) => each.available).length} of them on this machine.</p>
    </>
  );
}

function columnsOf(catalog: Catalog | null): Column<Dataset>[] {
  const taskOf = (each: Dataset) => each.task ?? (catalog ? named(catalog, "datasets", each.name)?.tasks[0] : null) ?? "";
  return [
    { key: "name", title: "Data set", cell: (each) => <a href={to(`/datasets/${encodeURIComponent(each.name)}`)}>{titleOf(each.name, catalog)}</a> },
    { key: "available", title: "On this machine", cell: (each) => (each.available ? <span class="succeeded">✓ here</span> : <span class="quiet">✕ not here</span>) },
    { key: "task", title: "Labels", cell: (each) => TASKS[taskOf(each)] ?? "–" },
    { key: "classes", title: "Classes", number: true, cell: (each) => number(each.num_classes) },
    { key: "factor", title: "IF", number: true, hint: "Imbalance factor of all training examples: most frequent class over rarest", cell: (each) => number(each.imbalance_factor, 4) },
    { key: "message", title: "What goes where", wide: true, cell: (each) => <span class="small quiet message">{each.message ?? originOf(each)}</span> },
    { key: "use", title: "Train", cell: (each) => (each.available ? <a href={to("/submit", { dataset: each.name })} aria-label={`Train on ${titleOf(each.name, catalog)}`}>train on this</a> : null) },
  ];
}

function originOf(each: Dataset): string {
  if (each.builtin) return "comes with the service";
  return each.uploaded ? "uploaded" : `registered from ${each.path}`;
}
