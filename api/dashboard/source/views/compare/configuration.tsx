// What differs between the sides comes first; what they share is folded.
import { useState } from "preact/hooks";
import { Shown } from "../../parts/states";
import { useResource } from "../../service/resource";
import type { Comparison, Job } from "../../service/types";
import type { Side } from "./comparison";

const LONG = 90;
/** Parts shown at first. */
const FIRST = 8;
const BESIDE = ["name", "tags", "notes", "seeds", "sweep", "priority"];

function text(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function Value({ of }: { of: unknown }) {
  const whole = text(of);
  return whole.length > LONG ? <details><summary><code>{whole.slice(0, LONG)} …</code></summary><code>{whole}</code></details> : <code>{whole}</code>;
}

const lacking = (values: unknown[]) => values.filter((value) => value === null || value === undefined).length;

/** The paths that differ among the sides shown. */
function differing(answer: Comparison, sides: Side[]): [string, unknown[]][] {
  return Object.entries(answer.configuration)
    .map(([path, values]): [string, unknown[]] => [path, sides.map((side) => values[side.place])])
    .filter(([, values]) => new Set(values.map((value) => JSON.stringify(value ?? null))).size > 1)
    // What all have, each with a value of its own, says more than what some lack.
    .sort((a, b) => lacking(a[1]) - lacking(b[1]));
}

export function Configuration({ answer, sides }: { answer: Comparison; sides: Side[] }) {
  const [whole, setWhole] = useState(false);
  const every = differing(answer, sides);
  const rows = whole ? every : every.slice(0, FIRST);
  return (
    <section class="panel">
      <h2>What differs</h2>
      {rows.length === 0 && <p>Nothing that changes a result: the sides are repetitions of one experiment.</p>}
      {rows.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="What differs">
          <table class="differing">
            <caption class="hidden">Parts of the specification that differ, a column for each side</caption>
            <thead>
              <tr><th scope="col">Part</th>{sides.map((side) => <th key={side.key} scope="col">{side.name}</th>)}</tr>
            </thead>
            <tbody>
              {rows.map(([path, values]) => (
                <tr key={path}>
                  <th scope="row"><code>{path}</code></th>
                  {values.map((value, i) => <td key={sides[i]?.key} class="wide"><Value of={value} /></td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {every.length > FIRST && <p class="note"><button type="button" class="link" onClick={() => setWhole(!whole)}>{whole ? "Fewer parts" : `All ${every.length} parts that differ`}</button></p>}
      <SharedParts side={sides[0]} differing={Object.keys(answer.configuration)} />
    </section>
  );
}

function SharedParts({ side, differing }: { side: Side | undefined; differing: string[] }) {
  const [open, setOpen] = useState(false);
  const job = useResource<Job>(open && side ? `/v1/jobs/${side.job}` : null);
  if (!side) return null;
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)} class="small">
      <summary>What they share</summary>
      {open && (
        <Shown of={job} what="The specification">
          {(found) => (
            <dl class="shared">
              {shared(found.spec, side.point, differing).map(([path, value]) => (
                <div key={path}><dt><code>{path}</code></dt><dd><Value of={value} /></dd></div>
              ))}
            </dl>
          )}
        </Shown>
      )}
    </details>
  );
}

/** Leaves of a specification that no side has otherwise; what its point sets stands as the point has it. */
function shared(spec: Record<string, unknown>, point: Record<string, unknown>, differing: string[]): [string, unknown][] {
  const within = (path: string, paths: string[]) => paths.some((each) => path === each || path.startsWith(`${each}.`));
  const set = Object.keys(point);
  const leaves = flat(spec).filter(([path]) => !within(path, differing) && !within(path, set) && !BESIDE.includes(path.split(".")[0] ?? ""));
  return [...Object.entries(point).filter(([path]) => !differing.some((each) => within(each, [path]) || within(path, [each]))), ...leaves];
}

function flat(value: unknown, path = ""): [string, unknown][] {
  if (value === null || typeof value !== "object" || !Object.keys(value).length) return [[path, value]];
  return Object.entries(value).flatMap(([key, part]) => flat(part, path ? `${path}.${key}` : key));
}
