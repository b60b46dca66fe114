// What the job is, how it stands, what it says, and what may be asked of it.
import { Action } from "../../parts/action";
import { MethodChip, Progress, StateBadge, Tag } from "../../parts/badges";
import { Dialog } from "../../parts/dialog";
import { plural } from "../../parts/format";
import { REQUESTS, SAID } from "../../parts/requests";
import { ENDED } from "../../parts/run_states";
import { Time } from "../../parts/time";
import { TimeLeft } from "../../parts/time_left";
import { download, send } from "../../service/http";
import type { Job } from "../../service/types";
import { go, to } from "../../shell/address";
import { useState } from "preact/hooks";
import { MoreTrials } from "../search/more_trials";
import { searching } from "../search/reading";
import { MoreSeeds } from "./more_seeds";

export function Head({ job, refresh }: { job: Job; refresh: () => void }) {
  const ended = ENDED.includes(job.state);
  const ask = (action: string) => async () => {
    await send("POST", `/v1/jobs/${job.id}/${action}`);
    refresh();
    return `${SAID[action]} requested.`;
  };
  const sure = { title: "Cancel the job", text: "Runs that have not ended stop; what they have recorded stays.", yes: "Cancel it" };
  return (
    <header class="job-head">
      <div class="row spread">
        <h1>{job.name || job.id}</h1>
        <div class="row">
          {REQUESTS[job.state]?.map(([action, title]) => (
            <Action key={action} act={ask(action)} ask={action === "cancel" ? sure : undefined}>{title}</Action>
          ))}
          {searching(job) && <MoreTrials job={job} refresh={refresh} />}
          <MoreSeeds job={job} refresh={refresh} />
          <a class="button" href={to("/submit", { job: job.id })}>Clone and edit</a>
          <Edit job={job} refresh={refresh} />
          <Export job={job} />
          <a class="button" href={to("/compare", { job: job.id })}>Compare</a>
          {ended && <Delete job={job} />}
        </div>
      </div>
      <p class="row quiet small">
        <StateBadge state={job.state} requested={job.requested} />
        {!ended && <Progress value={job.progress} label="progress of the job" />}
        {!ended && <TimeLeft of={job} />}
        <span>{job.datasets.join(", ")}</span>
        <span class="chips">{job.methods.map((method) => <MethodChip key={method} name={method} />)}</span>
        <span>{plural(job.runs_total, "run")}</span>
        <span>submitted <Time at={job.created_at} /></span>
        {job.finished_at && <span>ended <Time at={job.finished_at} /></span>}
        {job.tags.map((tag) => <Tag key={tag}>{tag}</Tag>)}
      </p>
      {job.notes && <p>{job.notes}</p>}
      {job.verdict && <p class="verdict"><strong>{job.verdict.text}</strong></p>}
    </header>
  );
}

function Edit({ job, refresh }: { job: Job; refresh: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>Edit</button>
      <Dialog title="Edit the job" open={open} onClose={() => setOpen(false)}>
        <EditForm job={job} done={() => { setOpen(false); refresh(); }} />
      </Dialog>
    </>
  );
}

function EditForm({ job, done }: { job: Job; done: () => void }) {
  const [name, setName] = useState(job.name);
  const [tags, setTags] = useState(job.tags.join(", "));
  const [notes, setNotes] = useState(job.notes ?? "");
  const change = async (body: Record<string, unknown>) => {
    await send("PATCH", `/v1/jobs/${job.id}`, body);
    done();
    return "Changed.";
  };
  const all = { name, notes, tags: tags.split(",").map((tag) => tag.trim()).filter(Boolean) };
  return (
    <form class="stack" onSubmit={(event) => event.preventDefault()}>
      <label class="field">Name<input value={name} onInput={(event) => setName(event.currentTarget.value)} /></label>
      <label class="field">Tags, with commas<input value={tags} onInput={(event) => setTags(event.currentTarget.value)} /></label>
      <label class="field">Notes<textarea value={notes} onInput={(event) => setNotes(event.currentTarget.value)} /></label>
      <div class="row end">
        <Action act={() => change({ archived: !job.archived })}>{job.archived ? "Bring back from the archive" : "Archive"}</Action>
        <Action primary act={() => change(all)}>Save</Action>
      </div>
    </form>
  );
}

const EXPORTS: [string, string, string][] = [
  ["Table as CSV", "export?format=csv", "csv"],
  ["Table as LaTeX", "export?format=latex", "tex"],
  ["Table as Markdown", "export?format=markdown", "md"],
  ["All numbers as JSON", "export?format=json", "json"],
  ["Report (one HTML file)", "report.html", "html"],
  ["Loss variations, PDF", "figures/loss-variation.pdf", "pdf"],
  ["Class accuracy, PDF", "figures/class-accuracy.pdf", "pdf"],
  ["Learning curves, PDF", "figures/learning-curves.pdf", "pdf"],
  ["Confusion matrix, PDF", "figures/confusion-matrix.pdf", "pdf"],
];

function Export({ job }: { job: Job }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>Export</button>
      <Dialog title="Export" open={open} onClose={() => setOpen(false)}>
        <div class="stack">
          {EXPORTS.map(([title, path, ending]) => (
            <Action key={path} act={async () => { await download(`/v1/jobs/${job.id}/${path}`, `${job.id}-${path.split(/[?.]/)[0]?.replaceAll("/", "-")}.${ending}`); }}>{title}</Action>
          ))}
        </div>
      </Dialog>
    </>
  );
}

function Delete({ job }: { job: Job }) {
  const act = async () => {
    await send("DELETE", `/v1/jobs/${job.id}`);
    go("#/");
    return `${job.name || job.id} is deleted.`;
  };
  const ask = { title: "Delete the job", text: "The job goes with its runs, metrics, series, logs and checkpoints. This cannot be undone.", yes: "Delete it" };
  return <Action act={act} ask={ask}>Delete</Action>;
}
