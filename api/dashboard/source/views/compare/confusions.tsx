// Which classes two sides take for which, one from the other. Read when it is opened.
import { useState } from "preact/hooks";
import { query, setQuery } from "../../shell/address";
import { Confusion } from "../confusion/confusion";
import type { Side } from "./comparison";

interface Choice {
  run: string;
  name: string;
}

/** One run of each side that has succeeded: of the smallest seed that the two have in common, where there is one. */
function runsOf(a: Side, b: Side): [Choice, Choice] | null {
  const done = (side: Side) => side.seeds.flatMap((seed, i) => (side.missing.includes(seed) ? [] : [{ seed, run: side.runs[i] ?? "" }]));
  const [mine, theirs] = [done(a), done(b)];
  const common = mine.find((each) => theirs.some((other) => other.seed === each.seed)) ?? mine[0];
  const other = theirs.find((each) => each.seed === common?.seed) ?? theirs[0];
  return common && other ? [{ run: common.run, name: `${a.name}, seed ${common.seed}` }, { run: other.run, name: `${b.name}, seed ${other.seed}` }] : null;
}

export function Confusions({ sides }: { sides: Side[] }) {
  const [open, setOpen] = useState(query.value.has("first"));
  const first = sides.find((side) => side.key === query.value.get("first")) ?? sides[0];
  const second = sides.find((side) => side.key === query.value.get("second") && side !== first) ?? sides.find((side) => side !== first && side.dataset === first?.dataset);
  if (!first || !second) return null;
  const pick = (name: string, label: string, value: string) => (
    <label class="row small">
      {label}
      <select value={value} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>
        {sides.map((side) => <option key={side.key} value={side.key}>{side.name}</option>)}
      </select>
    </label>
  );
  const runs = runsOf(first, second);
  return (
    <section class="panel">
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary><h2>Which classes are taken for which: the difference of two</h2></summary>
        {open && (
          <>
            <div class="row">{pick("first", "confusions of", first.key)}{pick("second", "minus those of", second.key)}</div>
            {runs ? <Confusion run={runs[0].run} name={runs[0].name} other={runs[1].run} otherName={runs[1].name} level={3} /> : <p class="quiet">One of them has no run that succeeded.</p>}
          </>
        )}
      </details>
    </section>
  );
}
