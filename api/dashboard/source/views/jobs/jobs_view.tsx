// The list of jobs as a leaderboard: filter, sort, choose columns, select and compare. All of it is in the address.
import { useMemo, useRef, useState } from "preact/hooks";
import { Action } from "../../parts/action";
import { MethodChip, Progress, StateBadge, Tag } from "../../parts/badges";
import { plural, spread } from "../../parts/format";
import { ERROR, PRECISION } from "../../parts/metrics";
import { STATES } from "../../parts/run_states";
import { Sparkline } from "../../parts/sparkline";
import { Empty, Failure, Loading } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { send } from "../../service/http";
import { useGrowing } from "../../service/pages";
import { ofStates, useResource } from "../../service/resource";
import type { JobItem, Queue } from "../../service/types";
import { go, query, setQuery, to } from "../../shell/address";

const FILTERS = ["state", "name", "tag", "dataset", "method"] as const;
const PAGE = 100;
/** How many jobs of a question one has scrolled to: back returns there. */
const reached = new Map<string, number>();
const HIDDEN_AT_FIRST = ["model", "tags", "notes", "id", "finished"];

/** The list's address at the service, without limit and cursor. */
function question(query: URLSearchParams): string {
  const asked = new URLSearchParams();
  for (const name of FILTERS) {
    const value = query.get(name);
    if (value) asked.set(name, value);
  }
  const sort = query.get("sort");
  if (sort) asked.set("sort", sort);
  for (const each of query.getAll("metric")) asked.append("metric", each);
  if (query.get("archived")) asked.set("archived", "true");
  return asked.toString();
}

export default function JobsView() {
  const asked = question(query.value);
  const [, drawAgain] = useState(0);
  const wanted = reached.get(asked) ?? PAGE;
  const fetchMore = (count: number) => {
    reached.set(asked, count);
    drawAgain(count);
  };
  const list = useGrowing<JobItem>(`/v1/jobs?limit=${PAGE}${asked && `&${asked}`}`, wanted, (job) => job.id, ofStates);
  const queue = useResource<Queue>("/v1/queue", { about: ofStates });
  const [chosen, setChosen] = useState<string[]>([]);
  const items = list.value?.items ?? [];
  const filtered = asked !== "";
  const columns = useColumns(items, chosen, setChosen);
  return (
    <>
      <div class="row spread">
        <h1>Jobs</h1>
        <div class="row">
          {queue.value && <QueueLine queue={queue.value} />}
          <a class="button primary" href="#/submit">Submit an experiment</a>
        </div>
      </div>
      <Filters />
      <section class="panel">
        <Selection chosen={chosen} clear={() => setChosen([])} />
        {list.error && !list.value && <Failure error={list.error} what="The list of jobs" again={list.refresh} />}
        {!list.value && !list.error && <Loading what="the list of jobs" />}
        {list.value && !items.length && (filtered ? <Empty>No job matches these filters. <a href="#/">All jobs</a></Empty> : <First />)}
        {items.length > 0 && (
          <Table
            caption="Jobs"
            columns={columns}
            rows={items}
            rowKey={(job) => job.id}
            sort={query.value.get("sort") ?? "-created_at"}
            onSort={(sort) => setQuery({ sort: sort === "-created_at" ? null : sort })}
            rowClass={(job) => (chosen.includes(job.id) ? "chosen" : undefined)}
            virtualAbove={40}
            onEnd={list.value?.more && !list.loading ? () => fetchMore(items.length + PAGE) : undefined}
          />
        )}
        <p class="quiet small" role="status">{items.length > 0 && `${plural(items.length, "job")} shown${list.value?.more ? "; more are fetched as you scroll" : ""}.`}</p>
      </section>
    </>
  );
}

function First() {
  return (
    <Empty>
      <p>No jobs here yet. <a href="#/submit">Submit one</a>, or run <code>lpl submit</code>. An experiment can be as short as <code>{`{"dataset": "digits"}`}</code>.</p>
    </Empty>
  );
}

function QueueLine({ queue }: { queue: Queue }) {
  const waiting = queue.runs.queued ?? 0;
  const running = queue.runs.running ?? 0;
  return (
    <a class="quiet small" href="#/workers">
      {running} running, {waiting} waiting, {plural(queue.workers_alive, "worker")} alive{queue.workers_alive ? "" : ": nothing is trained until one starts"}
    </a>
  );
}

function Filters() {
  const change = (name: string) => (event: Event) => setQuery({ [name]: (event.currentTarget as HTMLInputElement).value.trim() });
  const text = (name: (typeof FILTERS)[number], title: string, search = false) => (
    <label class="field">
      {title}
      <input value={query.value.get(name) ?? ""} onChange={change(name)} data-search={search || undefined} type="search" />
    </label>
  );
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      {text("name", "Name", true)}
      <label class="field">
        State
        <select value={query.value.get("state") ?? ""} onChange={change("state")}>
          <option value="">all</option>
          {STATES.map((state) => <option key={state} value={state}>{state}</option>)}
        </select>
      </label>
      {text("dataset", "Data set")}
      {text("method", "Method")}
      {text("tag", "Tag")}
      <label class="field">
        Metric
        <input
          type="search" placeholder="test/top1_error<0.2" value={query.value.getAll("metric").join(" ")}
          onChange={(event) => setQuery({ metric: event.currentTarget.value.split(/\s+/).filter(Boolean) })}
        />
      </label>
      <label class="check">
        <input type="checkbox" checked={query.value.get("archived") !== null} onChange={(event) => setQuery({ archived: event.currentTarget.checked ? "1" : null })} /> archived
      </label>
      {question(query.value) && <a href="#/">Clear</a>}
    </form>
  );
}

function Selection({ chosen, clear }: { chosen: string[]; clear: () => void }) {
  if (!chosen.length) return <ColumnChoice />;
  const each = async (path: string, method = "POST", body?: unknown) => {
    const results = await Promise.allSettled(chosen.map((id) => send(method, `/v1/jobs/${id}${path}`, body)));
    const failed = results.filter((result) => result.status === "rejected");
    if (failed.length) throw new Error(`${failed.length} of ${chosen.length}: ${(failed[0] as PromiseRejectedResult).reason.message}`);
  };
  return (
    <div class="row" role="group" aria-label="Selected jobs">
      <strong>{plural(chosen.length, "job")} selected</strong>
      <button type="button" class="primary" disabled={chosen.length < 2} onClick={() => go(to("/compare", { job: chosen }))}>Compare</button>
      <Action act={async () => { await each("/cancel"); return "Cancel requested."; }} ask={{ title: "Cancel", text: `Cancel ${plural(chosen.length, "job")}? What has been trained is kept; runs that have not ended stop.`, yes: "Cancel them" }}>Cancel</Action>
      <Action act={async () => { await each("", "PATCH", { archived: true }); clear(); return "Archived."; }}>Archive</Action>
      <button type="button" onClick={clear}>Select none</button>
    </div>
  );
}

function hidden(): string[] {
  const named = query.value.get("hide");
  return named === null ? HIDDEN_AT_FIRST : named.split(",");
}

const CHOOSABLE: [string, string][] = [
  ["progress", "Progress"], ["dataset", "Data set"], ["factor", "Imbalance factor"], ["methods", "Methods"], ["model", "Network"], ["metric", "Main metric"], ["many", "Many"], ["medium", "Medium"], ["few", "Few"],
  ["runs", "Runs"], ["curve", "Curve"], ["tags", "Tags"], ["notes", "Notes"], ["created", "Submitted"], ["finished", "Ended"], ["id", "Identifier"],
];

function ColumnChoice() {
  const off = hidden();
  const toggle = (key: string) => setQuery({ hide: (off.includes(key) ? off.filter((each) => each !== key) : [...off, key]).join(",") || "none" });
  return (
    <details class="small">
      <summary>Columns</summary>
      <div class="row">
        {CHOOSABLE.map(([key, title]) => (
          <label key={key} class="check"><input type="checkbox" checked={!off.includes(key)} onChange={() => toggle(key)} /> {title}</label>
        ))}
      </div>
    </details>
  );
}

function useColumns(items: JobItem[], chosen: string[], setChosen: (ids: string[]) => void): Column<JobItem>[] {
  const off = hidden().join(",");
  const precise = items.some((job) => job.metrics[PRECISION]) && !items.some((job) => job.metrics[ERROR]);
  const last = useRef<string[]>([]);
  last.current = chosen;
  return useMemo(() => {
    const main = (job: JobItem, group = "") => job.metrics[`${ERROR}${group}`] ?? job.metrics[`${PRECISION}${group}`];
    const named = precise ? PRECISION : ERROR;
    const toggle = (id: string) => setChosen(last.current.includes(id) ? last.current.filter((each) => each !== id) : [...last.current, id]);
    const groups = (key: string, title: string): Column<JobItem> => ({ key, title, number: true, sort: `metric:${named}.${key}`, cell: (job) => spread(main(job, `.${key}`), 1) });
    const all: Column<JobItem>[] = [
      { key: "choose", title: "", cell: (job) => <input type="checkbox" aria-label={`Select ${job.name || job.id}`} checked={chosen.includes(job.id)} onChange={() => toggle(job.id)} /> },
      { key: "name", title: "Job", sort: "name", wide: true, cell: (job) => <a href={`#/jobs/${job.id}`}>{job.name || job.id}</a> },
      { key: "state", title: "State", cell: (job) => <StateBadge state={job.state} requested={job.requested} /> },
      { key: "progress", title: "Progress", sort: "progress", cell: (job) => <Progress value={job.progress} label={`progress of ${job.name || job.id}`} /> },
      { key: "dataset", title: "Data set", cell: (job) => job.datasets.join(", ") },
      { key: "factor", title: "IF", number: true, hint: "Imbalance factor: examples of the most frequent class over those of the rarest", cell: (job) => job.imbalance_factor ?? "–" },
      { key: "methods", title: "Methods", wide: true, cell: (job) => <span class="chips">{job.methods.map((method) => <MethodChip key={method} name={method} />)}</span> },
      { key: "model", title: "Network", cell: (job) => job.models.join(", ") },
      { key: "metric", title: precise ? "mAP %" : "Error %", number: true, sort: `metric:${named}`, hint: "Over all runs that have succeeded, at the last epoch", cell: (job) => <Main job={job} /> },
      groups("many", "Many"), groups("medium", "Medium"), groups("few", "Few"),
      { key: "runs", title: "Runs", number: true, cell: (job) => <Runs job={job} /> },
      { key: "curve", title: "Curve", hint: "Main test metric of the run that succeeded first, epoch by epoch", cell: (job) => <Sparkline values={job.sparkline} label={`curve of ${job.name || job.id}`} /> },
      { key: "tags", title: "Tags", cell: (job) => <span class="chips">{job.tags.map((tag) => <Tag key={tag}>{tag}</Tag>)}</span> },
      { key: "notes", title: "Notes", wide: true, cell: (job) => job.notes },
      { key: "created", title: "Submitted", sort: "created_at", cell: (job) => <Time at={job.created_at} /> },
      { key: "finished", title: "Ended", cell: (job) => <Time at={job.finished_at} /> },
      { key: "id", title: "Identifier", cell: (job) => <code>{job.id}</code> },
    ];
    return all.filter((column) => !off.split(",").includes(column.key));
  }, [off, chosen, precise]);
}

function Main({ job }: { job: JobItem }) {
  const metric = job.metrics[ERROR] ?? job.metrics[PRECISION];
  if (!metric) return <>–</>;
  return <>{spread(metric)} <span class="quiet">(n = {metric.n})</span></>;
}

function Runs({ job }: { job: JobItem }) {
  const failed = job.runs.failed ?? 0;
  return <>{job.runs.succeeded ?? 0}/{job.runs_total}{failed > 0 && <span class="failed"> {failed} failed</span>}</>;
}
