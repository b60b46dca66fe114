// The order of the queue, and why each run waits.
import { plural } from "../../parts/format";
import { type Column, Table } from "../../parts/table";
import type { Queue } from "../../service/types";
import { to } from "../../shell/address";

/** A run that waits, in the order in which the scheduler would take it. */
export interface WaitingRun {
  run: string;
  job: string;
  name: string;
  priority: number;
  position: number;
  reason: string;
}

const COLUMNS: Column<WaitingRun>[] = [
  { key: "position", title: "Place", number: true, cell: (each) => each.position },
  { key: "job", title: "Job", wide: true, cell: (each) => <a href={to(`/jobs/${each.job}`)}>{each.name || each.job}</a> },
  { key: "run", title: "Run", cell: (each) => <a href={to(`/runs/${each.run}`)}><code>{each.run}</code></a> },
  { key: "priority", title: "Priority", number: true, hint: "0 to 9, higher first", cell: (each) => each.priority },
  { key: "reason", title: "Why it waits", wide: true, cell: (each) => each.reason },
];

export function Waiting({ queue }: { queue: Queue }) {
  const waiting = (queue as { waiting?: WaitingRun[] }).waiting;
  const total = queue.runs.queued ?? 0;
  if (!waiting?.length) return <p>{plural(total, "run")} {total === 1 ? "waits" : "wait"}: higher priorities first, then in the order of submission, jobs by turns.</p>;
  return (
    <>
      <h3>In this order</h3>
      <Table caption="Runs that wait, in their order" columns={COLUMNS} rows={waiting} rowKey={(each) => each.run} />
      {total > waiting.length && <p class="quiet small">The first {waiting.length} of {total.toLocaleString("en")}.</p>}
    </>
  );
}
