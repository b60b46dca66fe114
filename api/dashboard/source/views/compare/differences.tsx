// Differences paired by seed as a forest plot: of every pair, or against a chosen side.
import { Forest, type ForestRow } from "../../charts/forest";
import { metric } from "../../parts/metrics";
import type { Comparison } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { type Side, datasetsOf, difference, mainOf, spreadOf } from "./comparison";

/** With more sides than these, differences are shown against one of them. */
const EVERY_PAIR = 4;
const ALL = "all";
/** Each against the first of its data set, or the plain loss where that is among them. */
const OWN = "own";
type Against = Side | typeof ALL | typeof OWN;

export function Differences({ answer, sides }: { answer: Comparison; sides: Side[] }) {
  const names = Object.keys(answer.metrics).filter((name) => sides.some((side) => spreadOf(answer, name, side)?.n));
  const asked = query.value.get("metric") ?? "";
  const name = names.includes(asked) ? asked : names.includes(mainOf(answer)) ? mainOf(answer) : (names[0] ?? mainOf(answer));
  const against = chosenSide(sides);
  const one = typeof against !== "string" ? against : null;
  const rows = pairs(sides, against).map(([a, b]) => row(answer, name, a, b, one ? a.name : datasetsOf(sides).length > 1 ? `${a.label} − ${b.name}` : `${a.name} − ${b.name}`)).filter((each): each is ForestRow => each !== null);
  const { lower, title } = metric(name);
  const better = one ? "better" : "the first is better";
  const worse = one ? "worse" : "the second is better";
  return (
    <section class="panel">
      <Forest
        title={`Differences in ${title.toLowerCase()}${one ? `, against ${one.name}` : ""}`} level={2} rows={rows} unit={lower ? "points of error" : "points"}
        left={lower ? better : worse} right={lower ? worse : better}
        summary={summary(rows)} controls={<Controls names={names} name={name} sides={sides} against={against} />}
      />
      {rows.length === 0 && <p class="quiet">No two sides have a data set and a metric in common. Choose one to compare the others with.</p>}
      <p class="quiet small note">Paired by seed, with Student's 95 % interval (n − 1 degrees of freedom), not corrected for the number of pairs. A filled mark: the interval does not hold zero. A diamond: one seed in common, so nothing is known of the noise.</p>
    </section>
  );
}

function chosenSide(sides: Side[]): Against {
  const asked = query.value.get("against");
  if (asked === ALL || asked === OWN) return asked;
  return sides.find((side) => side.key === asked) ?? (sides.length > EVERY_PAIR ? OWN : ALL);
}

const plainLoss = (side: Side) => side.method === "cross_entropy" || side.method === "binary_cross_entropy";

/** Pairs of one data set; a side that is chosen is compared with all, whatever their data. */
function pairs(sides: Side[], against: Against): [Side, Side][] {
  if (typeof against !== "string") return sides.filter((side) => side !== against).map((side) => [side, against]);
  return datasetsOf(sides).flatMap((dataset) => {
    const own = sides.filter((side) => side.dataset === dataset);
    const base = own.find(plainLoss) ?? own[0];
    if (against === OWN && base) return own.filter((side) => side !== base).map((side): [Side, Side] => [side, base]);
    return own.flatMap((a, i) => own.slice(i + 1).map((b): [Side, Side] => [a, b]));
  });
}

function row(answer: Comparison, name: string, a: Side, b: Side, title: string): ForestRow | null {
  const pair = difference(answer, name, a, b);
  if (!pair) return null;
  const range = pair.confidence_interval;
  return {
    name: title,
    method: a.method,
    difference: pair.difference === null ? null : 100 * pair.difference,
    interval: range && [100 * range[0], 100 * range[1]],
    n: pair.n,
    decided: pair.decided,
    note: pair.note,
  };
}

function summary(rows: ForestRow[]): string {
  const beyond = rows.filter((each) => each.decided).map((each) => each.name);
  return beyond.length ? `Beyond the noise: ${beyond.join("; ")}.` : "No difference is beyond the noise.";
}

function Controls({ names, name, sides, against }: { names: string[]; name: string; sides: Side[]; against: Against }) {
  return (
    <>
      <label class="row small">
        metric
        <select value={name} onChange={(event) => setQuery({ metric: event.currentTarget.value })}>
          {names.map((each) => <option key={each} value={each}>{metric(each).title}</option>)}
        </select>
      </label>
      <label class="row small">
        against
        <select value={typeof against === "string" ? against : against.key} onChange={(event) => setQuery({ against: event.currentTarget.value })}>
          <option value={ALL}>each other</option>
          <option value={OWN}>the plain loss, or the first{datasetsOf(sides).length > 1 ? ", of the same data" : ""}</option>
          {sides.map((side) => <option key={side.key} value={side.key}>{side.name}</option>)}
        </select>
      </label>
    </>
  );
}
