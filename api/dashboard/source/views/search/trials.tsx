// The trials: point, value, how far each has come, and its run.
import { type Column, Table } from "../../parts/table";
import type { Trial } from "../../service/types";
import { query, setQuery, to } from "../../shell/address";
import { STATES, type Searching, ranked, rungName, shownValue, trialName, valueName } from "./reading";

interface Properties {
  search: Searching;
  chosen: string | null;
  choose: (key: string | null) => void;
}

export function Trials({ search, chosen, choose }: Properties) {
  const sort = query.value.get("trials") ?? "number";
  const columns: Column<Trial>[] = [
    { key: "number", title: "Trial", sort: "number", number: true, cell: (trial) => <a href={to(`/runs/${trial.run}`)}>{trialName(trial)}</a> },
    ...search.parameters.map((parameter): Column<Trial> => ({ key: parameter.field, title: parameter.name, hint: parameter.field, sort: parameter.field, number: parameter.range !== null, wide: parameter.range === null, cell: (trial) => valueName(trial.point[parameter.field]) })),
    { key: "value", title: search.metric.title, number: true, sort: "value", cell: (trial) => shownValue(trial.value, search.metric) },
    ...(search.halves ? [{ key: "rung", title: "Rung", sort: "rung", cell: (trial: Trial) => rungName(trial.rung, search.rungs) }] : []),
    { key: "state", title: "State", sort: "state", cell: (trial) => <span class={CLASSES[trial.state]}>{STATES[trial.state]}</span> },
    { key: "show", title: "", cell: (trial) => <button type="button" aria-pressed={trialName(trial) === chosen} aria-label={`Show trial ${trialName(trial)} in the charts`} onClick={() => choose(trialName(trial))}>show</button> },
  ];
  return (
    <section class="panel">
      <h2>Trials</h2>
      <Table
        caption="Trials of the search" columns={columns} rows={ordered(search, sort)} rowKey={(trial) => trial.run} sort={sort} onSort={(next) => setQuery({ trials: next === "number" ? null : next })}
        rowClass={(trial) => (trialName(trial) === chosen ? "chosen" : undefined)} rowHeight={43}
      />
      <p class="quiet small">{search.halves && "By value: who has come further first. "}"Show" marks a trial in all charts above; a press on a dot does too.</p>
    </section>
  );
}

const CLASSES: Record<Trial["state"], string> = { open: "running", at_rung: "paused", succeeded: "succeeded", failed: "failed", cancelled: "cancelled", pruned: "quiet" };

function ordered(search: Searching, sort: string): Trial[] {
  const name = sort.replace(/^-/, "");
  const sign = sort.startsWith("-") ? -1 : 1;
  if (name === "value") {
    const best = ranked(search.trials, search.metric);
    const rest = search.trials.filter((trial) => !best.some((each) => each.number === trial.number));
    return [...(sign > 0 ? best : best.reverse()), ...rest];
  }
  const key = (trial: Trial): string | number => {
    if (name === "number" || name === "rung") return trial[name] ?? 0;
    const value = name === "state" ? trial.state : trial.point[name];
    return typeof value === "number" ? value : valueName(value);
  };
  return [...search.trials].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y))) || a.number - b.number;
  });
}
