// Methods of a draft: an alias, an alias with parameters, or the parts spelled out; one of them, or several to compare.
import { inWords, named, parameters } from "../../service/catalog";
import type { Catalog } from "../../service/types";
import { type Space, draft, edit, space, sweep, varied } from "./draft";
import { type Fields, type Value, isFields, read, same, written } from "./paths";

export type Method = string | Fields;

/** Fields of a method and the kinds of plug-ins that stand in them, in the order in which parameters are looked for from the end. */
export const KINDS: Record<string, string> = {
  loss: "losses", perturbations: "perturbations", weighting: "weightings", targets: "targets", sampler: "samplers", regularizers: "regularizers", procedure: "procedures", posthoc: "posthoc",
};

/** One plug-in of a method. */
export interface Part {
  /** Below `method`: "perturbations.0". */
  path: string;
  kind: string;
  name: string;
  values: Fields;
}

export function chosen(): Method[] {
  const swept = sweep().method;
  if (Array.isArray(swept)) return swept as Method[];
  const method = draft.value.spec.method;
  return method === undefined || method === null ? [] : [method as Method];
}

export function aliasOf(method: Method | undefined): string | null {
  if (typeof method === "string") return method;
  return typeof method?.alias === "string" ? method.alias : null;
}

export function nameOf(method: Method, catalog: Catalog): string {
  const alias = aliasOf(method);
  if (alias) return named(catalog, "methods", alias)?.title ?? alias;
  const parts = partsOf(method).filter((part) => part.path === "loss" || part.path.startsWith("perturbations"));
  return parts.map((part) => inWords(part.name)).join(" + ") || "own composition";
}

const asFields = (part: Value): Fields => (typeof part === "string" ? { name: part } : ((part ?? {}) as Fields));

/** The method spelled out, with its defaults, as far as the catalogue says them. */
export function composition(method: Method, task: string, catalog: Catalog): Fields {
  const alias = aliasOf(method);
  const entry = alias ? (named(catalog, "methods", alias) as (Fields & { compositions?: Record<string, Fields> }) | undefined) : undefined;
  let whole: Fields = { ...(entry?.compositions?.[task] ?? Object.values(entry?.compositions ?? {})[0] ?? {}) };
  if (!isFields(method)) return whole;
  const own = Object.entries(method).filter(([field]) => field in KINDS);
  whole = { ...whole, ...Object.fromEntries(own) };
  for (const [name, value] of Object.entries(method)) {
    if (name in KINDS || name === "alias" || name === "defaults") continue;
    const part = holders(whole, name, catalog).at(-1);
    if (part) whole = written(whole, `${part.path}.${name}`, value) as Fields;
  }
  return whole;
}

export function partsOf(whole: Method): Part[] {
  if (!isFields(whole)) return [];
  return Object.entries(KINDS).flatMap(([field, kind]) => {
    const value = whole[field];
    const items = Array.isArray(value) ? value.map((item, i) => [`${field}.${i}`, item] as const) : value ? [[field, value] as const] : [];
    return items.map(([path, item]) => ({ path, kind, name: String(asFields(item).name ?? ""), values: asFields(item) }));
  });
}

function holders(whole: Fields, name: string, catalog: Catalog): Part[] {
  return partsOf(whole).filter((part) => name in parameters(named(catalog, part.kind, part.name)));
}

/** The method with another value of a parameter: beside the alias where that says which one, else spelled out. */
export function withParameter(method: Method, part: Part, name: string, value: Value, task: string, catalog: Catalog): Method {
  const whole = composition(method, task, catalog);
  const spelled = isFields(method) && Object.keys(method).some((field) => field in KINDS);
  const alias = aliasOf(method);
  if (alias && !spelled && holders(whole, name, catalog).length === 1) {
    const { alias: _, [name]: __, ...rest } = isFields(method) ? method : ({} as Fields);
    const more = value === undefined ? rest : { ...rest, [name]: value };
    return Object.keys(more).length ? { alias, ...more } : alias;
  }
  const object = written({ ...(alias ? { alias } : {}), ...whole }, part.path, { ...part.values }) as Fields;
  return written(object, `${part.path}.${name}`, value) as Fields;
}

/** Several methods are a sweep; one is none; without any the service compares its usual three. */
export function choose(methods: Method[]): void {
  const { method: _, ...rest } = draft.value.spec;
  const { method: __, ...others } = space();
  const next = methods.length > 1 ? { ...others, method: methods } : keptSpace(others, methods);
  edit(varied({ ...rest, ...(methods.length ? { method: methods[0] } : {}) }, next));
}

/** What varies of a method's parameters means nothing for another method. */
function keptSpace(others: Space, methods: Method[]): Space {
  if (same(methods[0], draft.value.spec.method)) return others;
  if (aliasOf(methods[0]) && aliasOf(methods[0]) === aliasOf(draft.value.spec.method as Method)) return others;
  return Object.fromEntries(Object.entries(others).filter(([path]) => !path.startsWith("method.")));
}

export function replace(at: number, method: Method): void {
  choose(chosen().map((each, i) => (i === at ? method : each)));
}

/** What the draft itself says of a parameter; undefined where it leaves it to the defaults. */
export function ownValue(method: Method, part: Part, name: string, whole: Fields, catalog: Catalog): Value {
  if (!isFields(method)) return undefined;
  const spelled = read(method, `${part.path}.${name}`);
  if (spelled !== undefined) return spelled;
  return holders(whole, name, catalog).at(-1)?.path === part.path ? method[name] : undefined;
}
