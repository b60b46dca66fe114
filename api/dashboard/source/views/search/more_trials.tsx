// More trials for a search, also after it has ended.
import { useState } from "preact/hooks";
import { Action } from "../../parts/action";
import { Dialog } from "../../parts/dialog";
import { plural } from "../../parts/format";
import { Problem, send } from "../../service/http";
import type { Job } from "../../service/types";

const PROPOSED = 10;

export function MoreTrials({ job, refresh }: { job: Job; refresh: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>More trials</button>
      <Dialog title="More trials" open={open} onClose={() => setOpen(false)}>
        <TrialsForm job={job} done={() => { setOpen(false); refresh(); }} />
      </Dialog>
    </>
  );
}

function TrialsForm({ job, done }: { job: Job; done: () => void }) {
  const [count, setCount] = useState(PROPOSED);
  const [error, setError] = useState("");
  async function add(): Promise<string | void> {
    setError("");
    try {
      await send<Job>("POST", `/v1/jobs/${job.id}/extend`, { trials: count });
      done();
      return `${plural(count, "trial")} more.`;
    } catch (problem) {
      setError(problem instanceof Problem && problem.errors.length ? problem.errors.map((each) => each.message).join("; ") : (problem as Error).message);
    }
  }
  return (
    <form class="stack" onSubmit={(event) => event.preventDefault()}>
      <p>The search goes on where it stands, from the same trials; a search that has ended is opened again.</p>
      <label class={error ? "field wrong" : "field"}>
        Trials
        <input type="number" min={1} max={10_000} step={1} value={count} aria-describedby={error ? "trials-error" : undefined} onInput={(event) => setCount(event.currentTarget.valueAsNumber)} />
      </label>
      {error && <p id="trials-error" class="errors small" role="alert">{error}</p>}
      <div class="row end"><Action primary act={add} disabled={!Number.isInteger(count) || count < 1}>Search on</Action></div>
    </form>
  );
}
