// What the run is, how it stands, and what may be asked of it.
import type { ComponentChildren } from "preact";
import { Action } from "../../parts/action";
import { MethodChip, Progress, StateBadge } from "../../parts/badges";
import { duration } from "../../parts/format";
import { methodOf, pointKey, pointName } from "../../parts/points";
import { reasonHelp, reasonWords } from "../../parts/reasons";
import { Time } from "../../parts/time";
import { TimeLeft } from "../../parts/time_left";
import { send } from "../../service/http";
import type { Job, Run } from "../../service/types";
import { go, to } from "../../shell/address";
import { ENDED, atRung } from "../../parts/run_states";
import { ExportModel } from "./export";

const ACTIONS: Record<string, string[]> = { queued: ["pause", "cancel"], running: ["pause", "cancel"], paused: ["resume", "cancel"], failed: ["retry"], cancelled: ["retry"] };
const TITLES: Record<string, string> = { pause: "Pause", cancel: "Cancel", resume: "Resume", retry: "Retry" };
const STOP = { title: "Cancel the run", text: "The run stops; the epochs and checkpoints that it has recorded stay.", yes: "Cancel it" };

export function Head({ run, job, refresh }: { run: Run; job: Job | null; refresh: () => void }) {
  const later = job?.runs.find((each) => each.retry_of === run.id);
  return (
    <header class="job-head">
      <p class="small"><a href={to(`/jobs/${run.job}`)}>{job?.name || run.job}</a></p>
      <div class="row spread">
        <h1>{Object.keys(run.point).length ? `${pointName(run.point, "")}, ` : ""}seed {run.seed}</h1>
        <Asked run={run} replaced={later !== undefined} refresh={refresh} />
      </div>
      <div class="row">
        <StateBadge state={run.state} requested={ENDED.includes(run.state) ? null : run.requested} />
        <MethodChip name={methodOf(run.point, job?.method ?? "")} />
        <Progress value={run.progress} label="progress of the run" />
        <span>epoch {run.epoch} of {run.epochs}</span>
        <TimeLeft of={run} />
      </div>
      {atRung(run) && <p class="waits">It {reasonWords("at_rung")}, which decides whether it goes on.</p>}
      {run.message && !ENDED.includes(run.state) && <p class="waits">{run.message}</p>}
      {run.retry_of && <p class="small">Tried again in place of <a href={to(`/runs/${run.retry_of}`)}>an earlier run</a>.</p>}
      {later && <p class="small">Another run was made in its place: <a href={to(`/runs/${later.id}`)}>{later.state}</a>. The job's result is of that one.</p>}
      <Facts run={run} />
      {job && <Seeds run={run} job={job} />}
    </header>
  );
}

function Asked({ run, replaced, refresh }: { run: Run; replaced: boolean; refresh: () => void }) {
  const ask = (action: string) => async () => {
    const answer = await send<Run>("POST", `/v1/runs/${run.id}/${action}`);
    if (answer.id !== run.id) go(to(`/runs/${answer.id}`));
    else refresh();
    return action === "retry" ? "A new run waits in the place of this one." : `${TITLES[action]} requested.`;
  };
  const there = replaced ? [] : (ACTIONS[run.state] ?? []);
  const actions = atRung(run) ? there.filter((action) => action !== "resume") : there;
  return (
    <div class="row">
      {actions.map((action) => <Action key={action} act={ask(action)} ask={action === "cancel" ? STOP : undefined}>{TITLES[action]}</Action>)}
      <ExportModel run={run} />
    </div>
  );
}

const sentence = (message: string | null) => (message ? `${message[0]?.toUpperCase()}${message.slice(1)}` : "");

/** The failure first, in plain words. */
export function Failed({ run }: { run: Run }) {
  if (run.state !== "failed" && !(run.state === "cancelled" && run.reason)) return null;
  const failed = run.state === "failed";
  return (
    <section class={failed ? "panel failures" : "panel"} role={failed ? "alert" : undefined} aria-label={failed ? "Failure" : "Why it ended"}>
      <p>
        <strong class={run.state}>{failed ? "✕ Failed" : "⊘ Cancelled"}{run.reason ? `: ${reasonWords(run.reason)}` : ""}.</strong> {sentence(run.message)}
      </p>
      {failed && run.reason && reasonHelp(run.reason) && <p class="quiet">{reasonHelp(run.reason)}</p>}
    </section>
  );
}

function Facts({ run }: { run: Run }) {
  const took = run.started_at && run.finished_at ? duration((Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000) : null;
  const facts: [string, ComponentChildren][] = [
    ["Submitted", <Time at={run.created_at} />],
    ["Started", <Time at={run.started_at} />],
    ["Ended", <>{<Time at={run.finished_at} />}{took && `, after ${took}`}</>],
    ["Attempt", run.attempt],
    ["Device", run.device ?? "–"],
    ["Worker", run.worker ? <a href={to("/workers", { worker: run.worker })}><code>{run.worker}</code></a> : "–"],
    ["Identifier", <code>{run.id}</code>],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

/** The other seeds of the same point. */
function Seeds({ run, job }: { run: Run; job: Job }) {
  const replaced = new Set(job.runs.map((each) => each.retry_of));
  const same = job.runs.filter((each) => pointKey(each.point) === pointKey(run.point) && (each.id === run.id || !replaced.has(each.id)));
  if (same.length < 2) return null;
  return (
    <nav class="row small" aria-label="Seeds of this point">
      <span class="quiet">Seeds</span>
      {same.map((each) => (
        <a key={each.id} class={`seed ${each.state}`} href={to(`/runs/${each.id}`)} aria-current={each.id === run.id ? "page" : undefined} aria-label={`Seed ${each.seed}, ${each.state}`}>{each.seed}</a>
      ))}
      <a href={to(`/jobs/${run.job}`, { tab: "variation", run: run.id })}>Loss variation by class</a>
      <a href={to(`/jobs/${run.job}`, { tab: "classes", run: run.id })}>Classes</a>
    </nav>
  );
}
