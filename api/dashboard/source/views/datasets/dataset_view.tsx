// One data set: how its classes are spread, what an example looks like, which jobs used it.
import { Counts } from "../../charts/counts";
import { byFrequency } from "../../parts/frequency";
import { Action } from "../../parts/action";
import { MethodChip, StateBadge } from "../../parts/badges";
import { number, plural, spread } from "../../parts/format";
import { ERROR, PRECISION } from "../../parts/metrics";
import { Empty, Shown } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { useCatalog } from "../../service/catalog";
import { send } from "../../service/http";
import { ofStates, useResource } from "../../service/resource";
import type { DatasetDetail, JobItem, JobList } from "../../service/types";
import { go, to } from "../../shell/address";
import { titled } from "../../shell/title";
import { titleOf } from "./datasets_view";
import { CoOccurrence, MissingValues, Splits, Warnings } from "./description";
import { TASKS } from "./listing";

export default function DatasetView({ name }: { name: string }) {
  const dataset = useResource<DatasetDetail>(`/v1/datasets/${encodeURIComponent(name)}`);
  const catalog = useCatalog().value;
  titled(titleOf(name, catalog));
  const remove = async () => {
    await send("DELETE", `/v1/datasets/${encodeURIComponent(name)}`);
    go("#/datasets");
    return `${name} is forgotten${dataset.value?.uploaded ? ", with its files" : "; its files stay"}.`;
  };
  return (
    <>
      <p class="small"><a href="#/datasets">All data sets</a></p>
      <div class="row spread">
        <h1>{titleOf(name, catalog)}</h1>
        <div class="row">
          {dataset.value?.available && <a class="button primary" href={to("/submit", { dataset: name })}>Train on this</a>}
          {dataset.value && !dataset.value.builtin && (
            <Action act={remove} ask={{ title: "Delete this data set?", text: `${name} cannot be trained on any more. ${dataset.value.uploaded ? "Its files go with it; the" : "Its files and the"} results of its jobs stay.`, yes: "Delete it" }}>Delete</Action>
          )}
        </div>
      </div>
      <Shown of={dataset} what={`The data set ${name}`}>{(value) => <Detail dataset={value} />}</Shown>
      <Jobs name={name} />
    </>
  );
}

function Detail({ dataset }: { dataset: DatasetDetail }) {
  const groups = groupsOf(dataset);
  return (
    <>
      {!dataset.available && <div class="state-box"><p><strong>Not on this machine.</strong> {dataset.message}</p></div>}
      <Warnings warnings={dataset.warnings ?? []} />
      {(dataset.notes ?? []).map((note) => <p key={note} class="small note">{note}</p>)}
      {(dataset.classes?.length ?? 0) > 0 && (
        <div class="sides">
          <section class="panel" aria-labelledby="facts-title">
            <h2 id="facts-title">Facts</h2>
            <Facts dataset={dataset} />
            <Splits dataset={dataset} />
            <MissingValues dataset={dataset} />
            <Preview dataset={dataset} />
          </section>
          <section class="panel">
            <Counts level={2} title="Training examples by class" classes={dataset.classes ?? []} counts={dataset.class_counts ?? []} groups={groups} />
            <Classes dataset={dataset} />
          </section>
        </div>
      )}
      <CoOccurrence dataset={dataset} />
    </>
  );
}

/** Where the shot groups begin and end in the order by count. */
function groupsOf(dataset: DatasetDetail): { name: string; from: number; to: number }[] {
  let from = 0;
  return ["many", "medium", "few"].flatMap((name) => {
    const size = dataset.shot_groups?.[name]?.length ?? 0;
    const group = { name, from, to: from + size };
    from += size;
    return size ? [group] : [];
  });
}

function Facts({ dataset }: { dataset: DatasetDetail }) {
  const size = (group: string) => number(dataset.shot_groups?.[group]?.length ?? 0);
  const facts: [string, string][] = [
    ["Labels", TASKS[dataset.task ?? ""] ?? "–"],
    ["Classes", number(dataset.classes?.length)],
    ["Imbalance factor", number(dataset.imbalance_factor, 4)],
    ["Training, validation, test", [dataset.num_train, dataset.num_validation, dataset.num_test].map((each) => number(each)).join(", ")],
    [`Many-shot classes (above ${dataset.many_above})`, size("many")],
    ["Medium-shot classes", size("medium")],
    [`Few-shot classes (below ${dataset.few_below})`, size("few")],
    ["Shape of an example", (dataset.input_shape ?? []).join(" × ")],
    ...(dataset.target ? ([["Target column", dataset.target]] as [string, string][]) : []),
    ...(dataset.path ? ([["Path", dataset.path]] as [string, string][]) : []),
  ];
  return (
    <>
      <dl class="figures">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      <p class="quiet xs">An experiment may ask for a larger imbalance factor: the classes are thinned out then.{dataset.sha256 && <> SHA-256 of the data: <code>{dataset.sha256}</code></>}</p>
    </>
  );
}

function Preview({ dataset }: { dataset: DatasetDetail }) {
  const items = (dataset.preview ?? []) as { class: string; image?: string; values?: number[]; row?: Record<string, string> }[];
  if (!items.length) return null;
  if (items.some((item) => item.row)) return <Rows rows={items.map((item) => ({ class: item.class, row: item.row ?? {} }))} />;
  return (
    <>
      <h3>One example of each class{(dataset.classes?.length ?? 0) > items.length ? `, the first ${items.length}` : ""}</h3>
      <ul class="preview">
        {items.map((item) => (
          <li key={item.class}>
            {item.image ? <img src={item.image} alt={`An example of ${item.class}`} width="64" height="64" /> : <code class="xs">{item.values?.map((value) => number(value, 3)).join(", ")}</code>}
            <span class="xs quiet">{item.class}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** The first row of each class, as the table has it. */
function Rows({ rows }: { rows: { class: string; row: Record<string, string> }[] }) {
  const names = [...new Set(rows.flatMap(({ row }) => Object.keys(row)))];
  const columns: Column<(typeof rows)[number]>[] = [
    { key: "class", title: "Class", cell: (each) => each.class },
    ...names.map((name) => ({ key: `of ${name}`, title: name, cell: (each: (typeof rows)[number]) => each.row[name] || "–" })),
  ];
  return (
    <>
      <h3>A row of each class</h3>
      <Table caption="The first training row of each class" columns={columns} rows={rows} rowKey={(each) => each.class} />
    </>
  );
}

interface ClassRow {
  index: number;
  name: string;
  count: number;
  group: string;
}

const CLASSES: Column<ClassRow>[] = [
  { key: "name", title: "Class", wide: true, cell: (row) => row.name },
  { key: "count", title: "Training examples", number: true, cell: (row) => number(row.count) },
  { key: "group", title: "Shot group", cell: (row) => row.group },
];

function Classes({ dataset }: { dataset: DatasetDetail }) {
  const counts = dataset.class_counts ?? [];
  const groups = new Map(Object.entries(dataset.shot_groups ?? {}).flatMap(([group, members]) => members.map((c) => [c, group] as const)));
  const rows = byFrequency(counts).map((index) => ({ index, name: dataset.classes?.[index] ?? String(index), count: counts[index] ?? 0, group: groups.get(index) ?? "–" }));
  return (
    <details class="more">
      <summary>{plural(rows.length, "class", "classes")} as a table</summary>
      <Table caption="Classes, most frequent first" columns={CLASSES} rows={rows} rowKey={(row) => String(row.index)} />
    </details>
  );
}

const JOBS: Column<JobItem>[] = [
  { key: "name", title: "Job", wide: true, cell: (job) => <a href={`#/jobs/${job.id}`}>{job.name || job.id}</a> },
  { key: "state", title: "State", cell: (job) => <StateBadge state={job.state} requested={job.requested} /> },
  { key: "factor", title: "IF", number: true, cell: (job) => number(job.imbalance_factor) },
  { key: "methods", title: "Methods", wide: true, cell: (job) => <span class="chips">{job.methods.map((method) => <MethodChip key={method} name={method} />)}</span> },
  { key: "metric", title: "Error or mAP, %", number: true, cell: (job) => spread(job.metrics[ERROR] ?? job.metrics[PRECISION]) },
  { key: "created", title: "Submitted", cell: (job) => <Time at={job.created_at} /> },
];

function Jobs({ name }: { name: string }) {
  const jobs = useResource<JobList>(`/v1/jobs?dataset=${encodeURIComponent(name)}&limit=20`, { about: ofStates });
  return (
    <section class="panel" aria-labelledby="jobs-title">
      <h2 id="jobs-title">Jobs that used it</h2>
      <Shown of={jobs} what="The list of its jobs">
        {(list) =>
          list.items.length ? (
            <>
              <Table caption="Jobs of this data set, newest first" columns={JOBS} rows={list.items} rowKey={(job) => job.id} />
              {list.next && <p class="small"><a href={to("/", { dataset: name })}>All its jobs</a></p>}
            </>
          ) : (
            <Empty>None yet.</Empty>
          )
        }
      </Shown>
    </section>
  );
}
