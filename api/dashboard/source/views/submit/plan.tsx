// What will run, what is still wrong, and the buttons.
import { Action } from "../../parts/action";
import { bytes, duration, number, plural } from "../../parts/format";
import { Away, Problem, send } from "../../service/http";
import type { Job, Validation } from "../../service/types";
import { go } from "../../shell/address";
import { say } from "../../shell/notices";
import { checked, elsewhere, placed, plan as checkedPlan } from "./checking";
import { draft, edit, searches } from "./draft";
import { type Basis, seconds, useBasis } from "./estimate";

export function Plan({ check, onText }: { check: () => void; onText: boolean }) {
  const { error, current } = checked.value;
  const plan = checkedPlan.value;
  const basis = useBasis().value;
  return (
    <section class="panel" aria-labelledby="plan-title">
      <h2 id="plan-title">What will run</h2>
      <p class="small" role="status">
        {!current && <span class="quiet">Being checked …</span>}
        {current && !error && <span class="succeeded">✓ As it should be.</span>}
        {current && error && <span class="failed">✕ Not right yet{plan ? "; below is what was right last." : "."}</span>}
      </p>
      <Wrong error={error} onText={onText} />
      {plan && <Facts plan={plan} basis={basis} old={Boolean(error)} />}
      <Buttons check={check} />
    </section>
  );
}

/** What has no field on the page is said here; what has one is only named. */
function Wrong({ error, onText }: { error: Error | null; onText: boolean }) {
  if (!error) return null;
  if (error instanceof Away) return <p class="quiet small">{error.message} It is checked as soon as it is back.</p>;
  if (!(error instanceof Problem) || !error.errors.length) return <p class="errors" role="alert">{error.message}</p>;
  const listed = onText ? error.errors : elsewhere.value;
  return (
    <>
      {listed.length > 0 && (
        <div class="errors small" role="alert">
          <ul>{listed.map((each) => <li key={`${each.path} ${each.message}`}><code>{each.path || "specification"}</code>: {each.message}</li>)}</ul>
        </div>
      )}
      {!onText && placed.value.length > 0 && <p class="small">{plural(placed.value.length, "field is", "fields are")} wrong: <button type="button" class="link" onClick={toFirst}>to the first</button></p>}
    </>
  );
}

function toFirst(): void {
  const wrong = document.querySelector<HTMLElement>("main .field.wrong :is(input, select), main section > .errors");
  wrong?.scrollIntoView({ block: "center" });
  wrong?.focus();
}

function Facts({ plan, basis, old }: { plan: Validation; basis: Basis | null; old: boolean }) {
  const facts: [string, string][] = [
    [searches() ? "Runs at most" : "Runs", number(plan.runs_total)],
    ["Training examples", number(plan.num_train)],
    ["Validation, test", `${number(plan.num_validation)}, ${number(plan.num_test)}`],
    ["Classes", number(plan.classes.length)],
    ["Imbalance factor", number(plan.imbalance_factor, 4)],
    ["Epochs each", number(plan.spec.epochs as number)],
    ...(plan.cache_bytes ? ([["Cache of images", bytes(plan.cache_bytes)]] as [string, string][]) : []),
  ];
  return (
    <div class={old ? "old" : undefined}>
      <dl class="figures">
        {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
        {basis && (
          <div><dt>Training takes about</dt><dd>{duration(seconds(plan, basis))}{plan.runs_total > 1 && " in all, run after run"}</dd></div>
        )}
      </dl>
      {basis && <p class="quiet xs">By {number(basis.examplesPerSecond, 3)} examples per second of <a href={`#/jobs/${basis.job.id}`}>{basis.job.name || basis.job.id}</a>; evaluation and waiting are not in it.</p>}
      {plan.notes.map((note) => <p key={note} class="small note">{note}</p>)}
    </div>
  );
}

function Buttons({ check }: { check: () => void }) {
  const { submitted, text } = draft.value;
  const { error, current } = checked.value;
  async function submit(): Promise<string> {
    const { spec, key, from } = draft.value;
    const parent = from.startsWith("job:") ? `?parent=${encodeURIComponent(from.slice(4))}` : "";
    const job = await send<Job>("POST", `/v1/jobs${parent}`, spec, { "Idempotency-Key": key });
    // Typing while it was sent makes another filling.
    if (draft.value.key === key) draft.value = { ...draft.value, submitted: { id: job.id, name: job.name } };
    go(`#/jobs/${job.id}`);
    return `${job.name || job.id} is submitted: ${plural(job.runs_total, "run")}.`;
  }
  if (submitted) {
    return (
      <>
        <p class="small">This was submitted as <a href={`#/jobs/${submitted.id}`}>{submitted.name || submitted.id}</a>. A change makes it another experiment.</p>
        <div class="row"><button type="button" onClick={() => edit(draft.value.spec)}>Submit it once more</button></div>
      </>
    );
  }
  return (
    <>
      {text !== null && <p class="errors small">The text is no specification: nothing is submitted until it is.</p>}
      <div class="row">
        <Action primary act={submit} disabled={text !== null || (current && error !== null)}>Submit</Action>
        <button type="button" onClick={() => { check(); say("Asked again."); }}>Check again</button>
      </div>
    </>
  );
}
