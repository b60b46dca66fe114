// The order of the queue, and why each run waits.
import { plural } from "../../parts/format";
import { type Column, Table } from "../../parts/table";
import type { Queue } from "../../service/types";
import { to } from "../../shell/address";

type WaitingRun = Queue["waiting"][number];

const COLUMNS: Column<WaitingRun>[] = [
  { key: "position", title: "Place", number: true, cell: (each) => each.position },
  { key: "job", title: "Job", wide: true, cell: (each) => <a href={to(`/jobs/${each.job}`)}>{each.name || each.job}</a> },
  { key: "run", title: "Run", cell: (each) => <a href={to(`/runs/${each.run}`)}><code>{each.run}</code></a> },
  { key: "priority", title: "Priority", number: true, hint: "0 to 9, higher first", cell: (each) => each.priority },
  { key: "reason", title: "Why it waits", wide: true, cell: (each) => each.reason },
];

/** Runs that some worker can take come first; where none can, its reason says what is missing. */
export function Waiting({ queue }: { queue: Queue }) {
  const total = queue.runs.queued ?? 0;
  const shown = queue.waiting.length;
  return (
    <>
      <h3>Who is next</h3>
      <Table caption="Runs that wait, in the order in which workers take them" columns={COLUMNS} rows={queue.waiting} rowKey={(each) => each.run} />
      {total > shown && <p class="quiet small">The first {shown} of {plural(total, "run")} that wait.</p>}
    </>
  );
}
