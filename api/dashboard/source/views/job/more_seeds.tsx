// More seeds for every sweep point of a job, also after it has ended.
import { useState } from "preact/hooks";
import { Action } from "../../parts/action";
import { Dialog } from "../../parts/dialog";
import { plural } from "../../parts/format";
import { Problem, send } from "../../service/http";
import type { Job } from "../../service/types";
import { searching } from "../search/reading";

const PROPOSED = 2;

export function MoreSeeds({ job, refresh }: { job: Job; refresh: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>More seeds</button>
      <Dialog title="More seeds" open={open} onClose={() => setOpen(false)}>
        <SeedsForm job={job} done={() => { setOpen(false); refresh(); }} />
      </Dialog>
    </>
  );
}

function SeedsForm({ job, done }: { job: Job; done: () => void }) {
  const finalists = searching(job);
  const present = finalists?.thenSeeds ?? seedsOf(job);
  const [text, setText] = useState(() => following(present).join(", "));
  const [error, setError] = useState("");
  const seeds = text.split(",").map((part) => part.trim()).filter(Boolean);
  async function add(): Promise<string | void> {
    const whole = seeds.every((seed) => /^\d{1,15}$/.test(seed));
    setError(whole ? "" : "Whole numbers from 0, with commas.");
    if (!whole) return;
    try {
      const after = await send<Job>("POST", `/v1/jobs/${job.id}/extend`, { seeds: seeds.map(Number) });
      done();
      if (finalists) return "The finalists get these seeds.";
      const more = after.runs_total - job.runs_total;
      return more > 0 ? `${plural(more, "run")} more.` : "The job has these seeds already.";
    } catch (problem) {
      setError(words(problem as Error));
    }
  }
  return (
    <form class="stack" onSubmit={(event) => event.preventDefault()}>
      <p>{finalists ? "The best points of the search are trained with these seeds too, once its trials have ended." : "Every sweep point runs with these seeds too."} {present.length > 0 && `It has ${present.join(", ")} so far; those stay as they are.`}</p>
      <label class={error ? "field wrong" : "field"}>
        Seeds, with commas
        <input value={text} inputMode="numeric" aria-describedby={error ? "seeds-error" : undefined} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      {error && <p id="seeds-error" class="errors small" role="alert">{error}</p>}
      <div class="row end"><Action primary act={add} disabled={!seeds.length}>Run them</Action></div>
    </form>
  );
}

/** What the job's specification runs. */
function seedsOf(job: Job): number[] {
  const { seeds } = job.spec;
  return Array.isArray(seeds) ? seeds.map(Number) : [];
}

/** The next seeds that the job has not. */
function following(present: number[]): number[] {
  const first = Math.max(-1, ...present) + 1;
  return Array.from({ length: PROPOSED }, (_, i) => first + i);
}

function words(error: Error): string {
  return error instanceof Problem && error.errors.length ? error.errors.map((each) => each.message).join("; ") : error.message;
}
