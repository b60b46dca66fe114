// The runs of a job: how each stands, why it ended, and what may be asked of it.
import { Action } from "../../parts/action";
import { Progress, StateBadge } from "../../parts/badges";
import { duration } from "../../parts/format";
import { ENDED, STATES, atRung } from "../../parts/run_states";
import { type Column, Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { secondsLeft } from "../../parts/time_left";
import { send } from "../../service/http";
import type { Job, Run } from "../../service/types";
import { query, setQuery, to } from "../../shell/address";
import type { JobRuns } from "./data";

interface Row {
  run: Run;
  point: string;
}

export function Runs({ job, runs, refresh }: { job: Job; runs: JobRuns; refresh: () => void }) {
  const names = new Map(runs.points.flatMap((point) => point.runs.map((run) => [run.id, point.name])));
  const wanted = query.value.get("runs") ?? "";
  const rows = runs.all.map((run) => ({ run, point: names.get(run.id) ?? "tried again" })).filter((row) => !wanted || row.run.state === wanted);
  const ask = (run: Run, action: string) => async () => {
    await send("POST", `/v1/runs/${run.id}/${action}`);
    refresh();
    return `${action[0]?.toUpperCase()}${action.slice(1)} requested.`;
  };
  const columns: Column<Row>[] = [
    { key: "seed", title: "Seed", number: true, cell: ({ run }) => <a href={to(`/runs/${run.id}`)}>{run.seed}</a> },
    { key: "point", title: "Method or point", wide: true, cell: ({ point }) => point },
    { key: "state", title: "State", cell: ({ run }) => <StateBadge state={run.state} requested={run.requested} /> },
    { key: "progress", title: "Progress", cell: ({ run }) => <Progress value={run.progress} label={`progress of seed ${run.seed}`} /> },
    { key: "epoch", title: "Epoch", number: true, cell: ({ run }) => `${run.epoch} / ${run.epochs}` },
    { key: "left", title: "Left", number: true, cell: ({ run }) => <Left run={run} /> },
    { key: "attempt", title: "Attempt", number: true, cell: ({ run }) => run.attempt },
    { key: "device", title: "Device", cell: ({ run }) => run.device ?? "–" },
    { key: "started", title: "Started", cell: ({ run }) => <Time at={run.started_at} /> },
    { key: "message", title: "Message", wide: true, cell: ({ run }) => [run.reason?.replaceAll("_", " "), run.message, ...run.notes].filter(Boolean).join(": ") },
    { key: "actions", title: "", cell: ({ run }) => <span class="row">{actionsOf(run).map((action) => <Action key={action} act={ask(run, action)}>{action}</Action>)}</span> },
  ];
  return (
    <section class="panel">
      <div class="row spread">
        <h2>Runs</h2>
        <label class="row small">
          State
          <select value={wanted} onChange={(event) => setQuery({ runs: event.currentTarget.value || null })}>
            <option value="">all</option>
            {STATES.map((state) => <option key={state} value={state}>{state}</option>)}
          </select>
        </label>
      </div>
      <Table caption={`Runs of ${job.name || job.id}`} columns={columns} rows={rows} rowKey={(row) => row.run.id} rowHeight={43} />
    </section>
  );
}

function actionsOf(run: Run): string[] {
  if (run.state === "failed" || run.state === "cancelled") return ["retry"];
  if (run.state === "paused") return atRung(run) ? ["cancel"] : ["resume", "cancel"];
  return ENDED.includes(run.state) ? [] : ["pause", "cancel"];
}

function Left({ run }: { run: Run }) {
  const left = secondsLeft(run);
  return <>{left === null ? "–" : duration(left)}</>;
}
