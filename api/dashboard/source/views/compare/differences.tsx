// Differences paired by seed as a forest plot: of every pair, or against a chosen side.
import { Forest, type ForestRow } from "../../charts/forest";
import { metric } from "../../parts/metrics";
import type { Comparison } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { type Side, difference, mainOf, spreadOf } from "./comparison";

/** With more sides than these, differences are shown against one of them. */
const EVERY_PAIR = 4;
const ALL = "all";

export function Differences({ answer, sides }: { answer: Comparison; sides: Side[] }) {
  const names = Object.keys(answer.metrics).filter((name) => sides.some((side) => spreadOf(answer, name, side)?.n));
  const asked = query.value.get("metric") ?? "";
  const name = names.includes(asked) ? asked : names.includes(mainOf(answer)) ? mainOf(answer) : (names[0] ?? mainOf(answer));
  const against = chosenSide(sides);
  const rows = pairs(sides, against).map(([a, b]) => row(answer, name, a, b)).filter((each): each is ForestRow => each !== null);
  const { lower, title } = metric(name);
  const better = against ? "better" : "the first is better";
  const worse = against ? "worse" : "the second is better";
  return (
    <section class="panel">
      <Forest
        title={`Differences in ${title.toLowerCase()}${against ? `, against ${against.name}` : ""}`} level={2} rows={rows} unit={lower ? "points of error" : "points"}
        left={lower ? better : worse} right={lower ? worse : better}
        summary={summary(rows)} controls={<Controls names={names} name={name} sides={sides} against={against} />}
      />
      <p class="quiet small note">Paired by seed, with Student's 95 % interval (n − 1 degrees of freedom), not corrected for the number of pairs. A filled mark: the interval does not hold zero. A diamond: one seed in common, so nothing is known of the noise.</p>
    </section>
  );
}

function chosenSide(sides: Side[]): Side | null {
  const asked = query.value.get("against");
  if (asked === ALL) return null;
  const found = sides.find((side) => side.key === asked);
  if (found) return found;
  return sides.length > EVERY_PAIR ? (sides.find((side) => side.method === "cross_entropy" || side.method.startsWith("binary_cross")) ?? sides[0] ?? null) : null;
}

function pairs(sides: Side[], against: Side | null): [Side, Side][] {
  if (against) return sides.filter((side) => side !== against).map((side) => [side, against]);
  return sides.flatMap((a, i) => sides.slice(i + 1).map((b): [Side, Side] => [a, b]));
}

function row(answer: Comparison, name: string, a: Side, b: Side): ForestRow | null {
  const pair = difference(answer, name, a, b);
  if (!pair) return null;
  const range = pair.confidence_interval;
  return {
    name: `${a.name} − ${b.name}`,
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

function Controls({ names, name, sides, against }: { names: string[]; name: string; sides: Side[]; against: Side | null }) {
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
        <select value={against?.key ?? ALL} onChange={(event) => setQuery({ against: event.currentTarget.value })}>
          <option value={ALL}>each other</option>
          {sides.map((side) => <option key={side.key} value={side.key}>{side.name}</option>)}
        </select>
      </label>
    </>
  );
}
