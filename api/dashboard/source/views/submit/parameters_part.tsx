// Parameters of the chosen methods, part by part, with LPL's bounds drawn over the classes.
import { useState } from "preact/hooks";
import { type Property, inWords, named, parameters } from "../../service/catalog";
import type { Catalog } from "../../service/types";
import { BoundsPart } from "./bounds_part";
import { complete } from "./checking";
import { Control } from "./field";
import { type Method, type Part, composition, nameOf, ownValue, partsOf, replace, withParameter } from "./method";
import { More } from "./more";
import { type Fields, type Value, read } from "./paths";

/** Those that one changes most often; the others are folded. */
const FIRST = ["threshold", "epsilon", "delta_epsilon", "step_size", "head_scale", "split"];

interface Edited {
  catalog: Catalog;
  task: string;
  method: Method;
  whole: Fields;
  /** Its place among the chosen ones. */
  at: number;
  alone: boolean;
}

export function ParametersPart({ catalog, task, methods }: { catalog: Catalog; task: string; methods: Method[] }) {
  const [place, setPlace] = useState(0);
  const at = Math.min(place, methods.length - 1);
  const method = methods[at];
  if (method === undefined) return null;
  const whole = composition(method, task, catalog);
  const edited = { catalog, task, method, whole, at, alone: methods.length === 1 };
  const parts = partsOf(whole).filter((part) => Object.keys(parameters(named(catalog, part.kind, part.name))).length > 0);
  return (
    <div class="parameters">
      <div class="row">
        <h3>Parameters</h3>
        {methods.length > 1 && (
          <label class="row small">
            of
            <select value={String(at)} onChange={(event) => setPlace(Number(event.currentTarget.value))}>
              {methods.map((each, i) => <option key={i} value={String(i)}>{nameOf(each, catalog)}</option>)}
            </select>
          </label>
        )}
      </div>
      {!parts.length && <p class="quiet small">{nameOf(method, catalog)} has no parameters.</p>}
      {parts.map((part) => <PartForm key={`${at} ${part.path} ${part.name}`} part={part} {...edited} />)}
    </div>
  );
}

function PartForm({ part, ...edited }: { part: Part } & Edited) {
  const { catalog } = edited;
  const entry = named(catalog, part.kind, part.name);
  const properties = parameters(entry);
  const names = Object.keys(properties);
  const main = names.filter((name) => properties[name]?.slider || FIRST.includes(name));
  const first = main.length ? main : names.slice(0, 4);
  const rest = names.filter((name) => !first.includes(name));
  const below = rest.flatMap((name) => pathsOf(part, name, edited.alone));
  const lpl = part.kind === "perturbations" && part.name === "lpl";
  const control = (name: string) => <Parameter key={name} name={name} property={properties[name] as Property} part={part} {...edited} />;
  return (
    <fieldset>
      <legend>{entry?.title ?? inWords(part.name)}</legend>
      <div class={lpl ? "with-bounds" : undefined}>
        <div class="fields">{first.map(control)}</div>
        {lpl && <BoundsPart perturbation={{ ...valuesOf(part, names, edited), name: "lpl" }} task={edited.task} />}
      </div>
      {rest.length > 0 && <More title={`${rest.length} more`} below={below}><div class="fields">{rest.map(control)}</div></More>}
    </fieldset>
  );
}

const pathsOf = (part: Part, name: string, alone: boolean): string[] => (alone ? [`method.${part.path}.${name}`, `method.${name}`] : []);

/** The default: what the service says of this very method, since some depend on other parameters, else the catalogue's. */
function defaultOf(part: Part, name: string, { alone, whole }: Edited): Value {
  const completed = alone && read(complete.value.method, `${part.path}.name`) === part.name ? read(complete.value.method, `${part.path}.${name}`) : undefined;
  return completed ?? read(whole, `${part.path}.${name}`);
}

const valuesOf = (part: Part, names: string[], edited: Edited): Fields =>
  Object.fromEntries(names.map((name) => [name, ownValue(edited.method, part, name, edited.whole, edited.catalog) ?? defaultOf(part, name, edited)]));

function Parameter({ name, property, part, ...edited }: { name: string; property: Property; part: Part } & Edited) {
  const { catalog, task, method, at, alone } = edited;
  const change = (next: Value) => replace(at, withParameter(method, part, name, next, task, catalog));
  return (
    <Control
      title={inWords(name)}
      property={property}
      value={ownValue(method, part, name, edited.whole, catalog)}
      fallback={defaultOf(part, name, edited) ?? property.default}
      onValue={change}
      paths={pathsOf(part, name, alone)}
      sweepPath={alone ? `method.${part.path}.${name}` : undefined}
    />
  );
}
