// Which methods: common ones as cards, all in a list; several are compared.
import { useState } from "preact/hooks";
import { Formula } from "../../parts/formula";
import { named } from "../../service/catalog";
import type { Catalog, Entry } from "../../service/types";
import { to } from "../../shell/address";
import { useErrors } from "./checking";
import { variedPath } from "./draft";
import { type Method, aliasOf, choose, chosen, nameOf } from "./method";
import { ParametersPart } from "./parameters_part";

const COMMON: Record<string, string[]> = {
  single_label: ["cross_entropy", "logit_adjustment", "lpl", "la_lpl", "ldam", "balanced_softmax", "focal", "class_balanced"],
  multi_label: ["binary_cross_entropy", "r_bce_focal", "r_bce_focal_ntr", "r_bce_focal_lpl", "r_bce_lpl", "asymmetric"],
};

export function MethodPart({ catalog, task }: { catalog: Catalog; task: string }) {
  const methods = chosen();
  const errors = useErrors(["method", variedPath("method"), "method.alias"]);
  const common = (COMMON[task] ?? []).map((name) => named(catalog, "methods", name)).filter((entry) => entry !== undefined);
  return (
    <section class="panel" aria-labelledby="part-method">
      <h2 id="part-method">Method</h2>
      <p class="quiet small">
        {methods.length === 0 && `None is chosen: ${usual(task)} are compared.`}
        {methods.length === 1 && `${nameOf(methods[0] as Method, catalog)} alone. Choose more to compare them: one run for each and every seed.`}
        {methods.length > 1 && `${methods.length} methods are compared: ${methods.map((method) => nameOf(method, catalog)).join(", ")}.`}
      </p>
      {errors.map((error) => <p key={error.message} class="errors" role="alert">{error.message}</p>)}
      <div class="cards methods">{common.map((entry) => <Card key={entry.name} entry={entry} methods={methods} />)}</div>
      <All catalog={catalog} task={task} methods={methods} />
      <ParametersPart catalog={catalog} task={task} methods={methods} />
    </section>
  );
}

const usual = (task: string) => (task === "multi_label" ? "R-BCE-Focal, its NTR and its LPL" : "cross entropy, logit adjustment and LPL");

function toggle(name: string, methods: Method[]): void {
  const without = methods.filter((method) => aliasOf(method) !== name);
  // A method spelled out by hand that has no name of its own gives way to what is chosen.
  choose(without.length < methods.length ? without : [...methods.filter((method) => aliasOf(method)), name]);
}

function Card({ entry, methods }: { entry: Entry; methods: Method[] }) {
  const on = methods.some((method) => aliasOf(method) === entry.name);
  return (
    <div class={on ? "card chosen" : "card"}>
      <label class="check">
        <input type="checkbox" checked={on} onChange={() => toggle(entry.name, methods)} /> <strong>{entry.title}</strong>
      </label>
      {entry.formula && <Formula tex={entry.formula} />}
      {entry.effect && <p class="small">{entry.effect}</p>}
      {on && entry.advice && <p class="small"><strong>When to use it.</strong> {entry.advice}</p>}
      <p class="quiet xs">{entry.citation} <a href={to(`/methods/${entry.name}`)} aria-label={`More on ${entry.title}`}>More</a></p>
    </div>
  );
}

function All({ catalog, task, methods }: { catalog: Catalog; task: string; methods: Method[] }) {
  const [sought, setSought] = useState("");
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const entries = (catalog.methods ?? []).filter((entry) => entry.tasks.includes(task));
  const shown = entries.filter((entry) => words.every((word) => `${entry.name} ${entry.title} ${entry.citation} ${entry.effect ?? ""}`.toLowerCase().includes(word)));
  return (
    <details class="more">
      <summary class="small">All {entries.length} methods for this data</summary>
      <label class="field">
        Find
        <input type="search" value={sought} data-search onInput={(event) => setSought(event.currentTarget.value)} />
      </label>
      <ul class="all-methods small">
        {shown.map((entry) => (
          <li key={entry.name}>
            <label class="check">
              <input type="checkbox" checked={methods.some((method) => aliasOf(method) === entry.name)} onChange={() => toggle(entry.name, methods)} /> {entry.title}
            </label>{" "}
            <span class="quiet">{entry.citation}</span>
          </li>
        ))}
      </ul>
      {!shown.length && <p class="quiet small" role="status">No method has these words.</p>}
    </details>
  );
}

