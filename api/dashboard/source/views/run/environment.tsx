// What a reader of the results must know: notes, and with what the run was trained.
import type { Run } from "../../service/types";

const TITLES: Record<string, string> = { device: "Device", precision: "Precision", threads: "Threads", torch: "PyTorch and its parts", python: "Python", deterministic: "Deterministic algorithms only" };

export function Environment({ run }: { run: Run }) {
  const facts = Object.entries(run.environment ?? {});
  return (
    <section class="panel">
      <h2>Environment and notes</h2>
      {run.notes.length > 0 && <ul class="notes">{run.notes.map((note) => <li key={note}>{note}</li>)}</ul>}
      {!run.notes.length && <p class="quiet">{run.started_at ? "No notes: nothing about the data needs to be known beside the results." : "Known when the run has started."}</p>}
      {facts.length > 0 && (
        <dl class="facts stacked">
          {facts.map(([name, value]) => <div key={name}><dt>{TITLES[name] ?? name}</dt><dd>{value === true ? "yes" : value === false ? "no" : String(value)}</dd></div>)}
        </dl>
      )}
    </section>
  );
}
