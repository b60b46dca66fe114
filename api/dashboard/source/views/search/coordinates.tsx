// Parallel coordinates over the space, drawn by how good each trial is.
import { type Axis, Parallel, type Path } from "../../charts/parallel";
import { number } from "../../parts/format";
import { type Measured, type Parameter, type Searching, measured, placeOn, ranked, shownValue, trialName, valueName } from "./reading";

export function Coordinates({ search, chosen }: { search: Searching; chosen: string | null }) {
  const { metric, parameters } = search;
  const order = ranked(search.trials, metric);
  const values = order.map((trial) => trial.value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  // The better end is above.
  const height = (trial: Measured) => (high > low ? (metric.lower ? high - trial.value : trial.value - low) / (high - low) : 0.5);
  const place = new Map(order.map((trial, i) => [trial.number, order.length > 1 ? 1 - i / (order.length - 1) : 1]));
  const paths = measured(search.trials).map((trial): Path => ({
    key: trialName(trial),
    at: [...parameters.map((parameter) => placeOn(trial, parameter)), height(trial)],
    told: [...parameters.map(({ field }) => valueName(trial.point[field])), shownValue(trial.value, metric)],
    share: place.get(trial.number) ?? 0,
  }));
  const end: Axis = { name: metric.title, marks: high > low ? [{ at: 0, text: shownValue(metric.lower ? high : low, metric) }, { at: 1, text: shownValue(metric.lower ? low : high, metric) }] : [{ at: 0.5, text: shownValue(low, metric) }] };
  return (
    <section class="panel">
      <Parallel
        title="Parallel coordinates" level={2} what="trial" height={340} chosen={chosen} axes={[...parameters.map(axisOf), end]} paths={paths}
        summary={`${parameters.map((parameter) => parameter.name).join(", ")} and ${metric.title.toLowerCase()} of ${paths.length} trials.`}
      />
      <p class="quiet small">A line is a trial, stronger and thicker the better it is placed{search.halves ? ", who has come further before who has not" : ""}; the best value is at the top of the last axis.</p>
    </section>
  );
}

function axisOf({ name, range, choices }: Parameter): Axis {
  if (!range) return { name, marks: choices.map((text, i) => ({ at: choices.length < 2 ? 0.5 : i / (choices.length - 1), text })) };
  const middle = range.log ? Math.sqrt(range.low * range.high) : (range.low + range.high) / 2;
  return { name: range.log ? `${name} (log)` : name, marks: [range.low, middle, range.high].map((value, i) => ({ at: i / 2, text: number(value, 3) })) };
}
