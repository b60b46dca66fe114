// The network, how it is trained, which seeds, what is kept, and where it runs.
import { type Properties, named, parameters } from "../../service/catalog";
import type { Catalog, Entry } from "../../service/types";
import { complete, useErrors } from "./checking";
import { draft, set } from "./draft";
import { PartFields, SpecField } from "./field";
import { More } from "./more";
import { read } from "./paths";

/** The name of a part that is chosen by name: the draft's, else the one that is taken. */
function partName(part: string): string {
  const value = draft.value.spec[part];
  if (Array.isArray(value)) return "sequence";
  return String((typeof value === "string" ? value : (read(value, "name") ?? read(complete.value, `${part}.name`))) ?? "");
}

function Choice({ part, title, entries }: { part: string; title: string; entries: Entry[] }) {
  const errors = useErrors([part, `${part}.name`]);
  const own = draft.value.spec[part] !== undefined;
  const name = partName(part);
  const id = `choose-${part}`;
  return (
    <div class={errors.length ? "field wrong" : "field"}>
      <label for={id} class="hidden">{title}</label>
      <select id={id} value={own ? name : ""} aria-describedby={`${id}-said`} onChange={(event) => set(part, event.currentTarget.value ? { name: event.currentTarget.value } : undefined)}>
        <option value="">{own ? "as usual for this data set" : `as usual${name ? `: ${entries.find((entry) => entry.name === name)?.title ?? name}` : ""}`}</option>
        {entries.map((entry) => <option key={entry.name} value={entry.name}>{entry.title}</option>)}
      </select>
      <div id={`${id}-said`}>{errors.map((error) => <p key={error.message} class="errors" role="alert">{error.message}</p>)}</div>
    </div>
  );
}

function ByName({ part, title, kind, catalog, main }: { part: string; title: string; kind: string; catalog: Catalog; main: string[] }) {
  const entry = named(catalog, kind, partName(part));
  const names = Object.keys(parameters(entry));
  const first = main.filter((name) => names.includes(name));
  const listed = Array.isArray(draft.value.spec[part]);
  const rest = names.filter((name) => !first.includes(name));
  return (
    <fieldset>
      <legend>{title}</legend>
      <Choice part={part} title={title} entries={catalog[kind] ?? []} />
      {listed && <p class="quiet small">Several, one after the other: change them in the text.</p>}
      {first.length > 0 && <PartFields part={part} entry={entry} only={first} />}
      {rest.length > 0 && !listed && <More title={`${rest.length} more`} below={rest.map((name) => `${part}.${name}`)}><PartFields part={part} entry={entry} only={rest} /></More>}
    </fieldset>
  );
}

export function NetworkPart({ catalog }: { catalog: Catalog }) {
  return (
    <section class="panel" aria-labelledby="part-network">
      <h2 id="part-network">Network</h2>
      <div class="parts">
        <ByName part="model" title="Network" kind="models" catalog={catalog} main={["head", "architecture", "widths"]} />
        <ByName part="augmentation" title="Augmentation" kind="augmentations" catalog={catalog} main={[]} />
      </div>
    </section>
  );
}

export function TrainingPart({ catalog, schema }: { catalog: Catalog; schema: unknown }) {
  const properties = (read(schema, "properties") ?? {}) as Properties;
  const top = (names: string[]) => names.map((name) => properties[name] && <SpecField key={name} path={name} property={properties[name]} sweepable={name === "epochs" || name === "batch_size"} />);
  return (
    <section class="panel" aria-labelledby="part-training">
      <h2 id="part-training">Training</h2>
      <div class="fields">{top(["epochs", "batch_size", "seeds"])}</div>
      <div class="parts">
        <ByName part="optimizer" title="Optimiser" kind="optimizers" catalog={catalog} main={["lr", "momentum", "weight_decay"]} />
        <ByName part="schedule" title="Schedule" kind="schedules" catalog={catalog} main={["milestones", "gamma", "warmup_epochs"]} />
      </div>
      <More title="Precision, patience, memory" below={LESS}><div class="fields">{top(LESS)}</div></More>
    </section>
  );
}

const LESS = ["precision", "deterministic", "patience", "drop_last", "accumulation_steps", "on_out_of_memory", "decision_threshold"];

export function RunningPart({ schema }: { schema: unknown }) {
  const properties = (read(schema, "properties") ?? {}) as Properties;
  const checkpoints = (read(schema, "$defs.Checkpoints.properties") ?? {}) as Properties;
  const top = (names: string[]) => names.map((name) => properties[name] && <SpecField key={name} path={name} property={properties[name]} sweepable={false} />);
  return (
    <section class="panel" aria-labelledby="part-running">
      <h2 id="part-running">Name, queue, checkpoints</h2>
      <div class="fields">{top(["name", "tags", "priority", "device"])}</div>
      <More title="Checkpoints" below={["checkpoints"]}>
        <div class="fields">{Object.entries(checkpoints).map(([name, property]) => <SpecField key={name} path={`checkpoints.${name}`} property={property} sweepable={false} />)}</div>
      </More>
    </section>
  );
}
