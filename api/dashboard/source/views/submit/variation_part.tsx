// What varies from run to run: a sweep over all combinations, or a search that chooses on validation.
import type { Properties } from "../../service/catalog";
import { complete, hasField, useErrors } from "./checking";
import { type Range, around, draft, mayVary, searchInstead, searches, set, setSweep, space, variedPath } from "./draft";
import { RangeInput, SpecField, Typed, listed } from "./field";
import { More } from "./more";
import { type Value, numbers, read } from "./paths";

/** Fields of which a search is no matter. */
const FIXED = /^(seeds|priority|checkpoints|sweep|search)\b/;

export function VariationPart({ schema }: { schema: unknown }) {
  const searching = searches();
  const varied = Object.entries(space()).filter(([path]) => path !== "method");
  const errors = useErrors(searching ? ["search", "search.space"] : ["sweep"]);
  const open = numbers(complete.value).filter((path) => !(path in space()) && !FIXED.test(path) && mayVary(path));
  const add = (path: string) => {
    const value = read(complete.value, path);
    setSweep(path, searching && typeof value === "number" ? around(value) : [value]);
  };
  return (
    <section class="panel" aria-labelledby="part-variation">
      <h2 id="part-variation">{searching ? "Search" : "Sweep"}</h2>
      <div class="row kinds" role="group" aria-label="What varies">
        <button type="button" aria-pressed={!searching} onClick={() => searching && searchInstead(false)}>Sweep</button>
        <button type="button" aria-pressed={searching} onClick={() => !searching && searchInstead(true)}>Search</button>
      </div>
      <p class="quiet small">
        {searching ? "A run for each trial: a sampler proposes points of the space, the best on validation is reported on test." : "A run for each combination of the values and each seed."}{" "}
        {varied.length === 0 && `Nothing is ${searching ? "searched" : "swept over"} yet${searching && "method" in space() ? " but the methods above" : ""}.`}
      </p>
      {errors.map((error) => <p key={error.message} class="errors" role="alert">{error.message}</p>)}
      <div class="fields">{varied.map(([path, values]) => <Varied key={path} path={path} values={values} searching={searching} />)}</div>
      <label class="field adder">
        {searching ? "Search another number" : "Sweep over another number"}
        <select value="" onChange={(event) => add(event.currentTarget.value)}>
          <option value="">choose a field</option>
          {open.map((path) => <option key={path} value={path}>{path}</option>)}
        </select>
      </label>
      {searching && <SearchFields schema={schema} />}
    </section>
  );
}

function Varied({ path, values, searching }: { path: string; values: Value[] | Range; searching: boolean }) {
  // A field that is on the page says its errors itself.
  const errors = useErrors(hasField(path) ? [] : [variedPath(path)]);
  const id = `varied-${path}`;
  const wrong = errors.length > 0;
  const ranged = !Array.isArray(values);
  const turn = () => setSweep(path, ranged ? [values.low, values.high] : rangeOf(values));
  return (
    <div class={wrong ? "field wrong" : "field"}>
      <div class="row spread">
        <label for={id}><code>{path}</code></label>
        <span class="row">
          {searching && (ranged || rangeOf(values) !== undefined) && <button type="button" class="link small" aria-label={`${ranged ? "Some values" : "A range"} of ${path}`} onClick={turn}>{ranged ? "values" : "range"}</button>}
          <button type="button" class="link small" aria-label={`Do not ${searching ? "search" : "sweep over"} ${path}`} onClick={() => setSweep(path, undefined)}>remove</button>
        </span>
      </div>
      {ranged ? (
        <RangeInput id={id} range={values} onRange={(range) => setSweep(path, range)} wrong={wrong} />
      ) : (
        <Typed id={id} value={values} read={listed} onValue={(next) => setSweep(path, next as Value[])} placeholder="values, separated by commas" wrong={wrong} />
      )}
      {errors.map((error) => <p key={error.message} class="errors" role="alert">{error.message}</p>)}
    </div>
  );
}

/** From the least to the greatest of some numbers. */
function rangeOf(values: Value[]): Range | undefined {
  const known = values.filter((value): value is number => typeof value === "number");
  if (!known.length || known.length < values.length) return undefined;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return low < high ? { low, high } : around(low);
}

const MAIN = ["sampler", "trials", "metric", "then_seeds", "finalists"];
const LESS = ["seed", "at_once"];
const FIRST_HALVING = { min_epochs: 5, factor: 3 };

function SearchFields({ schema }: { schema: unknown }) {
  const properties = (read(schema, "$defs.Search.properties") ?? {}) as Properties;
  const halving = (read(schema, "$defs.Halving.properties") ?? {}) as Properties;
  const halves = Boolean(read(draft.value.spec, "search.halving"));
  const fields = (names: string[], of: Properties, before: string) => names.map((name) => of[name] && <SpecField key={name} path={`${before}.${name}`} property={of[name]} sweepable={false} />);
  return (
    <>
      <div class="fields">{fields(MAIN, properties, "search")}</div>
      <label class="check"><input type="checkbox" checked={halves} onChange={(event) => set("search.halving", event.currentTarget.checked ? FIRST_HALVING : undefined)} /> Successive halving: most trials end early, the best go on</label>
      {halves && <div class="fields">{fields(Object.keys(halving), halving, "search.halving")}</div>}
      <More title="Seed of the sampler, how many at once" below={LESS.map((name) => `search.${name}`)}><div class="fields">{fields(LESS, properties, "search")}</div></More>
    </>
  );
}
