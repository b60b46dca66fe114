// Sliders of a theorem's setting. A change is asked for when the hand rests; it stands in the address.
import { useEffect, useRef, useState } from "preact/hooks";
import type { FieldError } from "../../service/http";
import { number } from "../../parts/format";
import { query, setQuery } from "../../shell/address";

export interface Setting {
  name: string;
  title: string;
  says: string;
  low: number;
  high: number;
  step: number;
  theorems: string[];
}

const ALL = ["1", "2", "3"];
export const SETTINGS: Setting[] = [
  { name: "gamma", title: "Imbalance Γ", says: "examples of the head class for each of the tail class", low: 1, high: 20, step: 0.1, theorems: ALL },
  { name: "variance_ratio", title: "Spread ratio K", says: "standard deviation of the head class over that of the tail class", low: 1, high: 8, step: 0.1, theorems: ["3"] },
  { name: "epsilon", title: "Bound ε", says: "how far a logit may be shifted", low: 0.01, high: 1, step: 0.01, theorems: ALL },
  { name: "eta", title: "Distance η", says: "of a class's mean from zero, in each dimension", low: 0.1, high: 4, step: 0.05, theorems: ALL },
  { name: "sigma", title: "Spread σ", says: "standard deviation of the tail class", low: 0.2, high: 4, step: 0.05, theorems: ALL },
  { name: "dimension", title: "Dimension d", says: "numbers of an example", low: 1, high: 50, step: 1, theorems: ALL },
];
const REST_MILLISECONDS = 180;

export const asked = (theorem: string): [string, string][] =>
  SETTINGS.filter((setting) => setting.theorems.includes(theorem) && query.value.get(setting.name)).map((setting) => [setting.name, query.value.get(setting.name) as string]);

export function Sliders({ theorem, figures, errors }: { theorem: string; figures: Record<string, number[]>; errors: FieldError[] }) {
  const changed = asked(theorem).length > 0;
  const reset = () => setQuery(Object.fromEntries(SETTINGS.map((setting) => [setting.name, null])));
  return (
    <section class="panel">
      <div class="row spread">
        <h2>Setting</h2>
        <button type="button" disabled={!changed} onClick={reset}>Back to the figure's setting</button>
      </div>
      <div class="sliders">
        {SETTINGS.filter((setting) => setting.theorems.includes(theorem)).map((setting) => (
          <Slider key={setting.name} setting={setting} figures={figures[setting.name] ?? []} error={errors.find((each) => each.path === setting.name)?.message} />
        ))}
      </div>
    </section>
  );
}

function Slider({ setting, figures, error }: { setting: Setting; figures: number[]; error: string | undefined }) {
  const { name, title, says, low, high, step } = setting;
  const given = query.value.get(name);
  const [moving, setMoving] = useState<number | null>(null);
  const timer = useRef(0);
  useEffect(() => setMoving(null), [given]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const different = new Set(figures).size > 1 && given === null && moving === null;
  const value = moving ?? (given === null ? (figures[0] ?? low) : Number(given));
  const change = (next: number) => {
    if (!Number.isFinite(next)) return;
    setMoving(next);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setQuery({ [name]: next }), REST_MILLISECONDS);
  };
  return (
    <div class={error ? "slider field wrong" : "slider field"}>
      <span><strong>{title}</strong> {says}</span>
      <span class="row grow">
        <input type="range" aria-label={title} min={low} max={high} step={step} value={value} onInput={(event) => change(event.currentTarget.valueAsNumber)} />
        <input type="number" aria-label={`${title}, as a number`} min={low} max={high} step="any" value={Number(value.toPrecision(6))} onChange={(event) => change(event.currentTarget.valueAsNumber)} aria-invalid={Boolean(error)} />
      </span>
      {different && <span class="hint">The figures differ: {figures.map((each) => number(each)).join(" and ")}.</span>}
      {error && <span class="errors hint" role="alert">{error}</span>}
    </div>
  );
}
