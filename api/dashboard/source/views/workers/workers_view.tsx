// Who trains what, and what waits for whom.
import { useEffect } from "preact/hooks";
import { duration, plural } from "../../parts/format";
import { STATES } from "../../parts/run_states";
import { Empty, Shown } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { Age, Time } from "../../parts/time";
import { ofStates, useResource } from "../../service/resource";
import type { Queue, Worker, WorkerList } from "../../service/types";
import { query, to } from "../../shell/address";
import { Drain } from "./drain";
import { Memory } from "./memory";
import { Waiting } from "./waiting";

const LOOK_MILLISECONDS = 5000;

export default function WorkersView() {
  const workers = useResource<WorkerList>("/v1/workers", { about: ofStates });
  const queue = useResource<Queue>("/v1/queue", { about: ofStates });
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && workers.refresh(), LOOK_MILLISECONDS); // heartbeats are no events
    return () => clearInterval(timer);
  }, []);
  const refresh = () => {
    workers.refresh();
    queue.refresh(); // why runs wait may have changed
  };
  return (
    <>
      <h1>Workers and queue</h1>
      <section class="panel">
        <Shown of={workers} what="The list of workers">{(value) => <Workers workers={value.items} refresh={refresh} />}</Shown>
      </section>
      <section class="panel">
        <h2>Queue</h2>
        <Shown of={queue} what="The queue">{(value) => <QueueNumbers queue={value} />}</Shown>
      </section>
    </>
  );
}

function Workers({ workers, refresh }: { workers: Worker[]; refresh: () => void }) {
  const alive = workers.filter((worker) => worker.alive);
  const busy = alive.filter((worker) => worker.run);
  const draining = alive.filter((worker) => worker.draining);
  const silent = workers.length - alive.length;
  const columns: Column<Worker>[] = [STATE, { key: "drain", title: "", cell: (worker) => worker.alive && <Drain worker={worker} done={refresh} /> }, ...COLUMNS];
  return (
    <>
      <h2>Workers</h2>
      {!alive.length && <HowToStart some={silent > 0} />}
      {workers.length > 0 && (
        <>
          <p class="quiet small" role="status">{plural(alive.length, "device")} alive, {busy.length} training{draining.length > 0 ? `, ${draining.length} draining` : ""}{silent > 0 ? `, ${silent} silent` : ""}.</p>
          <Table caption="Workers" columns={columns} rows={workers} rowHeight={43} rowKey={(worker) => worker.id} rowClass={(worker) => (worker.id === query.value.get("worker") ? "chosen" : undefined)} />
        </>
      )}
    </>
  );
}

function HowToStart({ some }: { some: boolean }) {
  return (
    <Empty>
      <p><strong>No worker is alive{some ? "; those below have not been heard of for longer than a lease" : ""}.</strong> Nothing is trained until one starts:</p>
      <pre tabIndex={0} aria-label="Command that starts a worker">lpl worker</pre>
      <p>on a machine that reaches the same database (<code>LPL_DATABASE_URL</code>). <code>lpl serve</code> starts one by itself.</p>
    </Empty>
  );
}

const STATE: Column<Worker> = { key: "state", title: "State", cell: (worker) => <WorkerState worker={worker} /> };

const COLUMNS: Column<Worker>[] = [
  { key: "host", title: "Machine", cell: (worker) => <>{worker.hostname} <span class="quiet">process {worker.pid}</span></> },
  { key: "device", title: "Device", cell: (worker) => <><strong>{worker.device}</strong> <span class="quiet">{worker.device_name}</span></> },
  { key: "memory", title: "Memory", hint: "Of the device, at the last sign of life; a CPU's is the machine's", cell: (worker) => <Memory worker={worker} /> },
  { key: "run", title: "Run", cell: (worker) => (worker.run ? <a href={to(`/runs/${worker.run}`)}><code>{worker.run}</code></a> : "–") },
  { key: "seen", title: "Last heard of", hint: "A worker that is silent for longer than a lease loses its runs; they go back to the queue", cell: (worker) => <Age at={worker.last_seen_at} /> },
  { key: "started", title: "Started", cell: (worker) => <Time at={worker.started_at} /> },
  { key: "version", title: "Version", cell: (worker) => worker.version },
  { key: "id", title: "Identifier", cell: (worker) => <code>{worker.id}</code> },
];

function WorkerState({ worker }: { worker: Worker }) {
  if (!worker.alive) return <span class="state failed" title="Its runs go back to the queue by themselves"><span aria-hidden="true">✕</span> silent</span>;
  if (worker.draining) return <span class="state paused" title="Takes nothing new until it is resumed"><span aria-hidden="true">⏸</span> draining{worker.run ? ", still training" : ""}</span>;
  return worker.run ? <span class="state running"><span aria-hidden="true">▶</span> training</span> : <span class="state"><span aria-hidden="true">•</span> idle</span>;
}

function QueueNumbers({ queue }: { queue: Queue }) {
  const waiting = queue.runs.queued ?? 0;
  return (
    <>
      <dl class="facts">
        {STATES.map((state) => (
          <div key={state}>
            <dt class={state}>{state}</dt>
            <dd><strong>{(queue.runs[state] ?? 0).toLocaleString("en")}</strong> runs in <a href={to("/", { state })}>{plural(queue.jobs[state] ?? 0, "job")}</a></dd>
          </div>
        ))}
      </dl>
      {queue.oldest_waiting_seconds !== null && <p>The run that has waited longest was submitted {duration(queue.oldest_waiting_seconds)} ago.</p>}
      {waiting === 0 ? <p class="quiet">Nothing waits.</p> : <Waiting queue={queue} />}
    </>
  );
}
