// Makes a data set of what lies below the data folder.
import { useState } from "preact/hooks";
import { Action } from "../../parts/action";
import { Problem, send } from "../../service/http";
import type { DatasetDetail } from "../../service/types";
import { go, to } from "../../shell/address";

type Name = "name" | "path" | "task" | "target" | "split";
const EMPTY: Record<Name, string> = { name: "", path: "", task: "", target: "", split: "" };

export function Register({ done }: { done: () => void }) {
  const [fields, setFields] = useState(EMPTY);
  const [error, setError] = useState<Error | null>(null);
  const errors = error instanceof Problem ? error.errors : [];
  async function register(): Promise<string | void> {
    setError(null);
    try {
      const body = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));
      const made = await send<DatasetDetail>("POST", "/v1/datasets", body);
      setFields(EMPTY);
      done();
      go(to(`/datasets/${encodeURIComponent(made.name)}`));
      return `${made.name} is registered: ${made.classes?.length ?? 0} classes.`;
    } catch (problem) {
      setError(problem as Error);
    }
  }
  const field = (name: Name, title: string, hint: string) => {
    const wrong = errors.filter((each) => each.path === name);
    return (
      <div class={wrong.length ? "field wrong" : "field"}>
        <label for={`register-${name}`}>{title}</label>
        {name === "task" ? (
          <select id="register-task" value={fields.task} onChange={(event) => setFields({ ...fields, task: event.currentTarget.value })}>
            <option value="">read from the labels</option>
            <option value="single_label">one label each</option>
            <option value="multi_label">several labels each</option>
          </select>
        ) : (
          <input id={`register-${name}`} value={fields[name]} aria-describedby={`register-${name}-said`} aria-invalid={wrong.length > 0 || undefined} onInput={(event) => setFields({ ...fields, [name]: event.currentTarget.value })} />
        )}
        <div id={`register-${name}-said`}>
          {wrong.map((each) => <p key={each.message} class="errors" role="alert">{each.message}</p>)}
          <span class="hint">{hint}</span>
        </div>
      </div>
    );
  };
  const elsewhere = errors.length ? errors.filter((each) => !(each.path in EMPTY)).map((each) => `${each.path}: ${each.message}`) : error ? [error.message] : [];
  return (
    <section class="panel" aria-labelledby="register-title">
      <h2 id="register-title">Register what is on the service's machine</h2>
      <p class="quiet small">Put an <code>.npz</code>, a <code>.csv</code> table or a folder of images with <code>labels.csv</code> below <code>datasets</code> in the service's data folder, then name it here. Every image is decoded once, so a large folder takes a while.</p>
      <form onSubmit={(event) => event.preventDefault()}>
        <div class="fields">
          {field("name", "Name", "the name that experiments will use")}
          {field("path", "Path below datasets", "for instance flowers.npz")}
          {field("task", "Labels", "of one example")}
          {fields.path.trim().toLowerCase().endsWith(".csv") && field("target", "Target column", "of the labels; by default target, label, class or y, else the last one")}
          {fields.path.trim().toLowerCase().endsWith(".csv") && field("split", "Split column", "train, val or test; by default the one called split, else a fifth is for tests")}
        </div>
        {elsewhere.map((message) => <p key={message} class="errors small" role="alert">{message}</p>)}
        <Action primary act={register} disabled={!fields.name.trim() || !fields.path.trim()}>Register</Action>
      </form>
    </section>
  );
}
