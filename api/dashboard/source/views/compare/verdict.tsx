// The verdict first: what leads, by how much, and whether that is more than noise.
import { hundredths, spread } from "../../parts/format";
import { metric } from "../../parts/metrics";
import type { Comparison } from "../../service/types";
import { type Lead, type Side, datasetsOf, lead, mainOf, points, spreadOf } from "./comparison";

export function Verdict({ answer, sides, all }: { answer: Comparison; sides: Side[]; all: boolean }) {
  const name = mainOf(answer);
  const datasets = datasetsOf(sides);
  const leads = datasets.map((dataset) => lead(answer, name, sides.filter((side) => side.dataset === dataset)));
  const known = leads.filter((each): each is Lead => each !== null);
  if (!known.length) return <p class="verdict">No run has succeeded yet: there is nothing to compare but the configuration and the curves so far.</p>;
  return (
    <>
      {all && answer.verdict && datasets.length === 1 ? <p class="verdict">{answer.verdict.text}.</p> : known.map((each) => <p key={each.best.key} class="verdict">{sentence(answer, name, each, datasets.length > 1)}</p>)}
      {known.map((each) => <Noise key={each.best.key} name={name} lead={each} several={datasets.length > 1} />)}
      <Warnings answer={answer} sides={sides} />
    </>
  );
}

function sentence(answer: Comparison, name: string, { best, next, pair, decided }: Lead, several: boolean): string {
  const value = spreadOf(answer, name, best);
  const start = `${several ? `${best.dataset}: ` : ""}best: ${best.label}, ${metric(name).title.toLowerCase()} ${spread(value)} % (n = ${value?.n ?? 0})`;
  if (!next || !pair || pair.difference === null) return `${start}.`;
  const size = hundredths(Math.abs(pair.difference));
  return decided ? `${start}; ahead of ${next.label} by ${size} points.` : `${start}; its lead over ${next.label}, ${size} points, is not beyond the noise.`;
}

/** What the interval of the lead says, in words. */
function Noise({ name, lead, several }: { name: string; lead: Lead; several: boolean }) {
  const { best, next, pair } = lead;
  if (!next || !pair) return null;
  const of = several ? `On ${best.dataset}, ` : "";
  const unit = metric(name).lower ? "points of error" : "points";
  const range = pair.confidence_interval;
  const words = range
    ? `the difference to ${next.label} is ${points(pair.difference)} ${unit}, its 95 % interval ${points(range[0])} to ${points(range[1])}, which ${pair.decided ? "does not hold zero" : "holds zero: it may be chance"} (paired by seed, n = ${pair.n}).`
    : `no interval can be given of the difference to ${next.label}: ${pair.n === 1 ? "one seed in common gives no measure of the noise" : "no seed in common"}.`;
  const few = pair.n === 2 ? " Two seeds in common give a very wide interval; run more seeds." : "";
  const text = `${of}${words}${few}`;
  return <p class="quiet">{text.charAt(0).toUpperCase() + text.slice(1)}</p>;
}

function Warnings({ answer, sides }: { answer: Comparison; sides: Side[] }) {
  const datasets = datasetsOf(sides);
  const missing = sides.filter((side) => side.missing.length);
  const tasks = ["test/top1_error", "test/mean_average_precision"].filter((name) => sides.some((side) => spreadOf(answer, name, side)?.mean !== null && spreadOf(answer, name, side)));
  const lines = [
    tasks.length > 1 && "The sides are of different tasks, single label and multi label: they have no metric in common, and each is compared with its own kind only.",
    datasets.length > 1 && `The sides are of ${datasets.length} data sets (${datasets.join(", ")}): each is ranked among those of its own; a difference across data sets is of the data too.`,
    missing.length > 0 && `Without all their seeds: ${missing.map((side) => `${side.name} (${side.missing.length} of ${side.seeds.length} missing)`).join(", ")}.`,
    sides.length > 2 && "Intervals are of single pairs, not corrected for how many there are.",
  ].filter((line): line is string => Boolean(line));
  return <>{lines.map((line) => <p key={line} class="quiet small">{line}</p>)}</>;
}
