// The experiment that is being written: kept for the tab, so that neither a reload nor another page loses it.
import { effect, signal } from "@preact/signals";
import { newKey } from "../../service/http";
import { type Fields, type Value, isFields, read, written } from "./paths";

export interface Draft {
  spec: Fields;
  /** One for each filling of the form: sent twice, it makes one job. */
  key: string;
  /** Where it comes from: "job:ID", "preset:NAME", "dataset:NAME", "file:NAME", or "". */
  from: string;
  /** What stands in the text tab while it is not a specification. */
  text: string | null;
  /** The job that this filling has made. */
  submitted: { id: string; name: string } | null;
}

const STORED = "lpl-draft";
export const FIRST: Fields = { name: "", dataset: { name: "digits", imbalance_factor: 20 }, method: "lpl", seeds: [0, 1, 2] };

export const fresh = (spec: Fields, from: string): Draft => ({ spec, key: newKey(), from, text: null, submitted: null });

function stored(): Draft {
  try {
    const draft = JSON.parse(sessionStorage.getItem(STORED) ?? "") as Draft;
    if (isFields(draft.spec)) return draft;
  } catch {
    // nothing is stored, or something that another version wrote
  }
  return fresh(FIRST, "");
}

export const draft = signal<Draft>(stored());
/** What a copy or a preset took the place of, to go back to. */
export const before = signal<Draft | null>(null);
effect(() => {
  try {
    sessionStorage.setItem(STORED, JSON.stringify(draft.value));
  } catch {
    // a full store: the draft is lost with the page
  }
});

export function edit(spec: Fields): void {
  draft.value = { ...draft.value, spec, key: newKey(), text: null, submitted: null };
}

export function start(spec: Fields, from: string): void {
  before.value = draft.value;
  draft.value = fresh(spec, from);
}

export function datasetName(): string {
  const { dataset } = draft.value.spec;
  return String((typeof dataset === "string" ? dataset : read(dataset, "name")) ?? "");
}

/** The parts that may be given by their name alone. */
const NAMED = ["dataset", "model", "optimizer", "schedule", "augmentation"];

/** Changes one field; `name` is that of the part the field belongs to, where the draft leaves it out. */
export function set(path: string, value: Value, name?: Value): void {
  const [part = "", ...rest] = path.split(".");
  let spec: Value = draft.value.spec;
  const there = read(spec, part);
  if (rest.length && NAMED.includes(part) && !read(there, "name")) {
    const named = typeof there === "string" ? there : name;
    spec = written(spec, part, { ...(named ? { name: named } : {}), ...(isFields(there) ? there : {}) });
  }
  edit(written(spec, path, value) as Fields);
}

/** Numbers from `low` to `high`, as a search has them. */
export interface Range {
  low: Value;
  high: Value;
  log?: boolean;
}
/** Field -> what it may be: values, or in a search numbers of a range. */
export type Space = Record<string, Value[] | Range>;

/** A first range for a number: from a half to twice of what it is. */
export function around(value: number): Range {
  if (value === 0) return { low: 0, high: 1 };
  const whole = Number.isInteger(value) && Math.abs(value) > 1;
  const ends = [value / 2, value * 2].map((end) => (whole ? Math.round(end) : Number(end.toPrecision(3)))).sort((a, b) => a - b);
  return { low: ends[0], high: ends[1], ...(value > 0 ? { log: true } : {}) };
}

/** Whether a search stands in place of a sweep. */
export const searches = (): boolean => isFields(draft.value.spec.search);

export function space(spec: Fields = draft.value.spec): Space {
  const fields = isFields(spec.search) ? spec.search.space : spec.sweep;
  return isFields(fields) ? (fields as Space) : {};
}

/** The specification with other fields that vary: of its search, where it has one, else of its sweep. */
export function varied(spec: Fields, next: Space): Fields {
  if (isFields(spec.search)) return written(spec, "search.space", next) as Fields;
  return written(spec, "sweep", Object.keys(next).length ? next : undefined) as Fields;
}

/** Fields that change the examples on which a search compares its trials: of the data set all but how these look. */
const OF_THE_COMPARISON = /^dataset\.(?!(image_size|view|resize|cache|input_range|normalization)\b)/;

/** Whether a field may vary: in a search not what its trials are compared on, nor the epochs that its rungs are. */
export const mayVary = (path: string): boolean => !searches() || !(OF_THE_COMPARISON.test(path) || (path === "epochs" && isFields(read(draft.value.spec, "search.halving"))));

/** By which the service names a field that varies. */
export const variedPath = (path: string): string => `${searches() ? "search.space" : "sweep"}.${path}`;

/** Fields that have one of several values. */
export const sweep = (): Record<string, Value[]> => Object.fromEntries(Object.entries(space()).filter((each): each is [string, Value[]] => Array.isArray(each[1])));

/** What a field may be; undefined for one value again. */
export function setSweep(path: string, values: Value[] | Range | undefined): void {
  const { [path]: before, ...others } = space();
  const next = values === undefined ? others : before === undefined ? { ...others, [path]: values } : { ...space(), [path]: values };
  edit(varied(draft.value.spec, next));
}

/** A search of what was swept over, or the other way round: the ends of a range are then swept over. */
export function searchInstead(search: boolean): void {
  const fields = space();
  const { sweep: _, search: __, ...rest } = draft.value.spec;
  if (search) return edit({ ...rest, search: { ...FIRST_SEARCH, space: fields } });
  const values = Object.entries(fields).map(([path, each]) => [path, Array.isArray(each) ? each : [each.low, each.high]]);
  edit(varied(rest, Object.fromEntries(values)));
}

const FIRST_SEARCH: Fields = { sampler: "tpe", trials: 20 };
