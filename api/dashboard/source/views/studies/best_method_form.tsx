// The best method for a data set within a budget of runs or hours.
import { useState } from "preact/hooks";
import { Failure } from "../../parts/states";
import { query, setQuery } from "../../shell/address";
import { TASKS, useDatasets } from "../datasets/listing";
import { Make } from "./making";
import { BEST_METHOD } from "./kinds";

const RUNS = 40;
const HOURS = 2;

export function BestMethodForm() {
  const datasets = useDatasets();
  const [unit, setUnit] = useState<"runs" | "hours">("runs");
  const [amount, setAmount] = useState(RUNS);
  const name = query.value.get("dataset") ?? "";
  const there = (datasets.value ?? []).filter((each) => each.available);
  const change = (next: "runs" | "hours") => {
    setUnit(next);
    setAmount(next === "runs" ? RUNS : HOURS);
  };
  return (
    <form class="panel stack" onSubmit={(event) => event.preventDefault()}>
      <p>
        A shortlist of methods that fit the data's task and imbalance is tried on a validation split, most of them shortly; the best get several seeds and are compared on test, paired by seed, with intervals corrected for their number.
        Where the seeds do not tell them apart, no winner is named.
      </p>
      <label class="field">
        Data set
        <select value={name} onChange={(event) => setQuery({ dataset: event.currentTarget.value || null })}>
          <option value="">choose one</option>
          {there.map((each) => <option key={each.name} value={each.name}>{each.name}{each.task ? `, ${TASKS[each.task] ?? each.task}` : ""}</option>)}
        </select>
      </label>
      {datasets.error && !datasets.value && <Failure error={datasets.error} what="The list of data sets" again={datasets.refresh} />}
      <p class="quiet small">Yours is not there? <a href="#/datasets">Upload it</a> first.</p>
      <fieldset class="row">
        <legend>Budget</legend>
        <input type="number" aria-label="Budget" min={unit === "runs" ? 1 : 0.1} step={unit === "runs" ? 1 : 0.1} value={amount} onInput={(event) => setAmount(event.currentTarget.valueAsNumber)} />
        <select aria-label="Unit of the budget" value={unit} onChange={(event) => change(event.currentTarget.value as "runs" | "hours")}>
          <option value="runs">runs</option>
          <option value="hours">hours of training</option>
        </select>
      </fieldset>
      <Make body={{ preset: BEST_METHOD, dataset: name, budget: { [unit]: Number.isFinite(amount) ? amount : null } }} ready={name !== "" && amount > 0} />
    </form>
  );
}
