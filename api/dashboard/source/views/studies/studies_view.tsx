// The list of studies: jobs that make one table. Filters are in the address.
import { useState } from "preact/hooks";
import { Progress, StateBadge } from "../../parts/badges";
import { duration, plural } from "../../parts/format";
import { ENDED, STATES } from "../../parts/run_states";
import { Empty, Failure, Loading } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { TimeLeft } from "../../parts/time_left";
import { useGrowing } from "../../service/pages";
import { ofStates } from "../../service/resource";
import type { StudyItem } from "../../service/types";
import { query, setQuery, to } from "../../shell/address";
import { kindName } from "./kinds";

const PAGE = 100;
const FILTERS = ["state", "preset", "name"] as const;

function question(): string {
  const asked = new URLSearchParams({ limit: String(PAGE) });
  for (const name of FILTERS) {
    const value = query.value.get(name);
    if (value) asked.set(name, value);
  }
  return asked.toString();
}

export default function StudiesView() {
  const [wanted, setWanted] = useState(PAGE);
  const list = useGrowing<StudyItem>(`/v1/studies?${question()}`, wanted, (study) => study.id, ofStates);
  const items = list.value?.items ?? [];
  const filtered = FILTERS.some((name) => query.value.get(name));
  return (
    <>
      <div class="row spread">
        <h1>Studies</h1>
        <a class="button primary" href="#/studies/new">New study</a>
      </div>
      <p class="quiet">A study is jobs that make one table: a table or figure of the paper beside its published figures, the best method for your data, or experiments of your own choice.</p>
      <Filters filtered={filtered} />
      <section class="panel">
        {list.error && !list.value && <Failure error={list.error} what="The list of studies" again={list.refresh} />}
        {!list.value && !list.error && <Loading what="the list of studies" />}
        {list.value && !items.length && (filtered ? <Empty>No study matches these filters. <a href="#/studies">All studies</a></Empty> : <First />)}
        {items.length > 0 && (
          <Table
            caption="Studies" columns={COLUMNS} rows={items} rowKey={(study) => study.id} virtualAbove={40}
            onEnd={list.value?.more && !list.loading ? () => setWanted(items.length + PAGE) : undefined}
          />
        )}
        <p class="quiet small" role="status">{items.length > 0 && `${plural(items.length, "study", "studies")} shown${list.value?.more ? "; more are fetched as you scroll" : ""}.`}</p>
      </section>
    </>
  );
}

function First() {
  return (
    <Empty>
      <p>No studies here yet. <a href="#/studies/new">Make one</a>, or run <code>lpl study</code>. The smallest is as short as <code>{`{"preset": "table4", "scale": "cpu"}`}</code>.</p>
    </Empty>
  );
}

function Filters({ filtered }: { filtered: boolean }) {
  const change = (name: string) => (event: Event) => setQuery({ [name]: (event.currentTarget as HTMLInputElement).value.trim() });
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label class="field">Name<input type="search" data-search value={query.value.get("name") ?? ""} onChange={change("name")} /></label>
      <label class="field">
        State
        <select value={query.value.get("state") ?? ""} onChange={change("state")}>
          <option value="">all</option>
          {STATES.map((state) => <option key={state} value={state}>{state}</option>)}
        </select>
      </label>
      <label class="field">Preset<input type="search" value={query.value.get("preset") ?? ""} onChange={change("preset")} /></label>
      {filtered && <a href="#/studies">Clear</a>}
    </form>
  );
}

const COLUMNS: Column<StudyItem>[] = [
  { key: "name", title: "Study", wide: true, cell: (study) => <a href={to(`/studies/${study.id}`)}>{study.name || study.id}</a> },
  { key: "kind", title: "Kind", cell: (study) => kindName(study) },
  { key: "state", title: "State", cell: (study) => <StateBadge state={study.state} requested={ENDED.includes(study.state) ? null : study.requested} /> },
  { key: "progress", title: "Progress", cell: (study) => <Progress value={study.progress} label={`progress of ${study.name || study.id}`} /> },
  { key: "left", title: "Left", cell: (study) => <TimeLeft of={study} /> },
  { key: "created", title: "Submitted", cell: (study) => <Time at={study.created_at} /> },
  { key: "finished", title: "Ended", cell: (study) => <Time at={study.finished_at} /> },
  { key: "took", title: "Took", number: true, cell: (study) => (study.started_at && study.finished_at ? duration((Date.parse(study.finished_at) - Date.parse(study.started_at)) / 1000) : "–") },
];
