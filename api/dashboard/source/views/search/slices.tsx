// The value against one parameter at a time.
import { Dots } from "../../charts/dots";
import { type Measured, type Parameter, type Searching, measured, rungName, shownValue, trialName, valueName } from "./reading";

interface Chosen {
  chosen: string | null;
  choose: (key: string | null) => void;
}

export function Slices({ search, ...choice }: { search: Searching } & Chosen) {
  return (
    <section class="panel">
      <h2>Slices</h2>
      <div class="columns three">{search.parameters.map((parameter) => <Slice key={parameter.field} search={search} parameter={parameter} {...choice} />)}</div>
    </section>
  );
}

function Slice({ search, parameter, chosen, choose }: { search: Searching; parameter: Parameter } & Chosen) {
  const { metric, rungs } = search;
  const { range, choices, name, field } = parameter;
  const trials = measured(search.trials);
  const group = (trial: Measured) => (trial.rung === rungs.length ? "trained to the end" : `${rungs[trial.rung - 1]} epochs`);
  const place = (trial: Measured) => (range ? Number(trial.point[field]) : choices.indexOf(valueName(trial.point[field])));
  const dots = trials.map((trial) => ({
    key: trialName(trial), x: place(trial), y: (metric.fraction ? 100 : 1) * trial.value, group: group(trial),
    told: [{ name, value: valueName(trial.point[field]) }, { name: metric.title, value: shownValue(trial.value, metric) }, { name: "rung", value: rungName(trial.rung, rungs) }],
  })).filter((dot) => Number.isFinite(dot.x) && dot.x >= (range ? -Infinity : 0));
  const groups = rungs.map((epochs, i) => (i + 1 === rungs.length ? "trained to the end" : `${epochs} epochs`)).filter((each) => dots.some((dot) => dot.group === each));
  return (
    <Dots
      title={`${metric.title} against ${name}`} what="trial" xTitle={range?.log ? `${name}, log` : name} yTitle={metric.fraction ? "%" : metric.title.toLowerCase()} height={240}
      dots={dots} groups={groups} categories={range ? undefined : choices} logarithmic={range?.log} chosen={chosen} onChoose={choose}
    />
  );
}
