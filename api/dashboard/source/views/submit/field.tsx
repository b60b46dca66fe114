// One field of the form, drawn from its JSON schema: what is in the draft, else the default; errors stand beside it.
import { useId, useState } from "preact/hooks";
import { type Property, inWords, parameters } from "../../service/catalog";
import type { Entry } from "../../service/types";
import { complete, useErrors } from "./checking";
import { type Range, around, draft, mayVary, searches, set, setSweep, space, variedPath } from "./draft";
import { type Value, read, same } from "./paths";

export interface ControlProperties {
  title: string;
  property: Property;
  /** In the draft; undefined where the default is taken. */
  value: Value;
  fallback: Value;
  onValue: (value: Value) => void;
  /** By which the service may name it. */
  paths: string[];
  /** Its address in a complete spec, where it may be swept over. */
  sweepPath?: string | undefined;
}

const NUMERIC = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

export const isNumber = (property: Property): boolean => ["number", "integer"].includes(property.type ?? "") || Boolean(property.anyOf?.some(isNumber));
const isFlag = (property: Property) => property.type === "boolean";
const isText = (property: Property) => property.type === "string" || Boolean(property.anyOf?.some((each) => each.type === "string" && each.const === undefined) && !isNumber(property));

/** What somebody typed, as JSON has it; undefined for nothing. */
export function typed(text: string, property: Property): Value {
  const plain = text.trim();
  if (plain === "") return undefined;
  if (property.anyOf?.some((each) => each.type === "null") && plain === "null") return null;
  if (isText(property)) return text;
  if (property.type === "array" && !plain.startsWith("[")) return listed(plain);
  if (NUMERIC.test(plain)) return Number(plain);
  try {
    return JSON.parse(plain);
  } catch {
    return plain;
  }
}

/** "1, 2, 4" and "0-4" as lists. */
export function listed(text: string): Value[] {
  return text.split(",").map((part) => part.trim()).filter(Boolean).flatMap((part) => {
    const [, from, to] = /^(\d+)\s*-\s*(\d+)$/.exec(part) ?? [];
    if (from !== undefined && to !== undefined && Number(to) - Number(from) < 10_000 && Number(to) >= Number(from)) return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i);
    if (NUMERIC.test(part)) return [Number(part)];
    try {
      return [JSON.parse(part)];
    } catch {
      return [part];
    }
  });
}

export function shown(value: Value): string {
  if (value === undefined) return "";
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.map(String).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A text field that leaves what one types alone while it means the same. */
export function Typed(properties: { id?: string; value: Value; placeholder?: string; read: (text: string) => Value; onValue: (value: Value) => void; label?: string; described?: string; wrong?: boolean; numeric?: boolean; maxLength?: number }) {
  const [text, setText] = useState<string | null>(null);
  const current = text !== null && same(properties.read(text), properties.value) ? text : shown(properties.value);
  return (
    <input
      id={properties.id}
      value={current}
      placeholder={properties.placeholder}
      inputMode={properties.numeric ? "decimal" : undefined}
      maxLength={properties.maxLength}
      autocomplete="off"
      spellcheck={false}
      aria-label={properties.label}
      aria-describedby={properties.described}
      aria-invalid={properties.wrong || undefined}
      onInput={(event) => {
        setText(event.currentTarget.value);
        properties.onValue(properties.read(event.currentTarget.value));
      }}
    />
  );
}

export function Control(properties: ControlProperties) {
  const { title, property, value, fallback, onValue, sweepPath } = properties;
  const id = useId();
  const swept = sweepPath ? space()[sweepPath] : undefined;
  const errors = useErrors([...properties.paths, ...(sweepPath ? [variedPath(sweepPath)] : [])]);
  const described = `${id}-said`;
  const wrong = errors.length > 0;
  return (
    <div class={wrong ? "field wrong" : "field"}>
      <div class="row spread">
        <label for={id}>{title}</label>
        {sweepPath && isNumber(property) && (swept || mayVary(sweepPath)) && <SweepButton title={title} path={sweepPath} value={value ?? fallback} swept={swept !== undefined} />}
      </div>
      {swept && !Array.isArray(swept) ? (
        <RangeInput id={id} range={swept} onRange={(range) => setSweep(sweepPath as string, range)} described={described} wrong={wrong} />
      ) : swept ? (
        <Typed id={id} value={swept} read={listed} onValue={(values) => setSweep(sweepPath as string, values as Value[])} described={described} wrong={wrong} placeholder="values, separated by commas" />
      ) : (
        <Input {...properties} id={id} described={described} wrong={wrong} />
      )}
      {!swept && property.slider && <Slider title={title} slider={property.slider} value={value ?? fallback} onValue={onValue} />}
      <div id={described}>
        {errors.map((error) => <p key={error.message} class="errors" role="alert">{error.message}</p>)}
        {property.description && <span class="hint">{property.description}</span>}
      </div>
    </div>
  );
}

/** The least and the greatest value of a search, and whether factors count alike. */
export function RangeInput({ id, range, onRange, described, wrong }: { id: string; range: Range; onRange: (range: Range) => void; described?: string; wrong?: boolean }) {
  const end = (name: "low" | "high", title: string) => (
    <Typed id={name === "low" ? id : undefined} label={title} value={range[name]} read={numeric} onValue={(value) => onRange({ ...range, [name]: value })} described={described} wrong={wrong} numeric />
  );
  return (
    <span class="range">
      {end("low", "Least value")} to {end("high", "Greatest value")}
      <label class="check"><input type="checkbox" checked={Boolean(range.log)} onChange={(event) => onRange({ low: range.low, high: range.high, ...(event.currentTarget.checked ? { log: true } : {}) })} /> log</label>
    </span>
  );
}

const numeric = (text: string): Value => (NUMERIC.test(text.trim()) ? Number(text) : text.trim());

function SweepButton({ title, path, value, swept }: { title: string; path: string; value: Value; swept: boolean }) {
  const first = searches() && typeof value === "number" ? around(value) : value === undefined || value === null ? [] : [value];
  const hint = searches() ? "A range or several values, of which the search tries some" : "Several values: a run for each, with every seed";
  return (
    <button type="button" class="link small" aria-pressed={swept} aria-label={`${searches() ? "Search" : "Sweep over"} ${title}`} title={hint} onClick={() => setSweep(path, swept ? undefined : first)}>
      {swept ? "one value" : searches() ? "search" : "sweep"}
    </button>
  );
}

function Input({ id, property, value, fallback, onValue, described, wrong }: ControlProperties & { id: string; described: string; wrong: boolean }) {
  const options = property.enum ?? (isFlag(property) ? [true, false] : null);
  if (options) {
    const current = value ?? fallback;
    return (
      <select id={id} value={String(current)} aria-describedby={described} aria-invalid={wrong || undefined} onChange={(event) => onValue(options.find((option) => String(option) === event.currentTarget.value))}>
        {!options.some((option) => String(option) === String(current)) && <option value={String(current)}>{shown(current)}</option>}
        {options.map((option) => <option key={String(option)} value={String(option)}>{option === true ? "yes" : option === false ? "no" : String(option)}</option>)}
      </select>
    );
  }
  const placeholder = fallback === undefined ? "" : fallback === null ? "none" : shown(fallback);
  return <Typed id={id} value={value} placeholder={placeholder} read={(text) => typed(text, property)} onValue={onValue} described={described} wrong={wrong} numeric={isNumber(property)} />;
}

function Slider({ title, slider, value, onValue }: { title: string; slider: { min: number; max: number; step: number }; value: Value; onValue: (value: Value) => void }) {
  return (
    <input type="range" aria-label={`${title}, slider`} min={slider.min} max={slider.max} step={slider.step} value={typeof value === "number" ? value : slider.min} onInput={(event) => onValue(Number(event.currentTarget.value))} />
  );
}

/** A field of the draft by its path. */
export function SpecField({ path, property, title, partName, sweepable = true }: { path: string; property: Property; title?: string; partName?: Value; sweepable?: boolean }) {
  const name = path.split(".").at(-1) as string;
  return (
    <Control
      title={title ?? inWords(name)}
      property={property}
      value={read(draft.value.spec, path)}
      fallback={read(complete.value, path) ?? property.default}
      onValue={(value) => set(path, value, partName)}
      paths={[path]}
      sweepPath={sweepable ? path : undefined}
    />
  );
}

/** The parameters of a part that is chosen by name: those of `only`, or all but those of `without`. */
export function PartFields({ part, entry, only, without }: { part: string; entry: Entry | undefined; only?: string[]; without?: string[] }) {
  const properties = parameters(entry);
  const names = only ?? Object.keys(properties).filter((name) => !without?.includes(name));
  return (
    <div class="fields">
      {names.map((name) => properties[name] && <SpecField key={name} path={`${part}.${name}`} property={properties[name]} partName={entry?.name} />)}
    </div>
  );
}
