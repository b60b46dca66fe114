// The catalogue of methods, to read: formula, what each does to head and tail.
import { MethodChip } from "../../parts/badges";
import { plural } from "../../parts/format";
import { Formula } from "../../parts/formula";
import { Empty, Shown } from "../../parts/states";
import { useCatalog } from "../../service/catalog";
import type { Entry } from "../../service/types";
import { query, setQuery, to } from "../../shell/address";

export default function MethodsView() {
  const catalog = useCatalog();
  return (
    <>
      <h1>Methods</h1>
      <Filters />
      <Shown of={catalog} what="The catalogue">{(value) => <Cards entries={value.methods ?? []} />}</Shown>
    </>
  );
}

function Filters() {
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label class="field">
        Find
        <input type="search" data-search value={query.value.get("find") ?? ""} onInput={(event) => setQuery({ find: event.currentTarget.value })} />
      </label>
      <label class="field">
        Data
        <select value={query.value.get("task") ?? ""} onChange={(event) => setQuery({ task: event.currentTarget.value })}>
          <option value="">either</option>
          <option value="single_label">one label each</option>
          <option value="multi_label">several labels each</option>
        </select>
      </label>
    </form>
  );
}

function fits(entry: Entry): boolean {
  const words = (query.value.get("find") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const task = query.value.get("task");
  const text = `${entry.name} ${entry.title} ${entry.citation} ${entry.effect ?? ""} ${entry.advice ?? ""}`.toLowerCase();
  return words.every((word) => text.includes(word)) && (!task || entry.tasks.includes(task));
}

function Cards({ entries }: { entries: Entry[] }) {
  const shown = entries.filter(fits);
  return (
    <>
      <p class="quiet small" role="status">{plural(shown.length, "method")} of {entries.length}.</p>
      {!shown.length && <Empty>No method matches these filters. <a href="#/methods">All methods</a></Empty>}
      <div class="cards catalogue">
        {shown.map((entry) => (
          <article key={entry.name} class="card" aria-labelledby={`method-${entry.name}`}>
            <div class="row spread">
              <h2 id={`method-${entry.name}`}><a href={to(`/methods/${entry.name}`)}>{entry.title}</a></h2>
              <MethodChip name={entry.name} />
            </div>
            {entry.formula && <Formula tex={entry.formula} />}
            <p class="small">{entry.effect || entry.description}</p>
            <p class="quiet xs">{entry.citation}</p>
          </article>
        ))}
      </div>
    </>
  );
}
