// Which trial reached which rung, and what each rung let through.
import { Rungs } from "../../charts/rungs";
import { plural } from "../../parts/format";
import { Table } from "../../parts/table";
import { scheme } from "../../shell/theme";
import type { Trial } from "../../service/types";
import { STATES, type Searching, ranked, shownValue, trialName } from "./reading";

const ORDER: Trial["state"][] = ["succeeded", "open", "at_rung", "pruned", "failed", "cancelled"];
const COLOURS: Record<Trial["state"], { light: string; dark: string }> = {
  succeeded: { light: "#00805e", dark: "#2ecc9d" },
  open: { light: "#0072b2", dark: "#56b4e9" },
  at_rung: { light: "#9a6a00", dark: "#f0b429" },
  pruned: { light: "#8a949e", dark: "#7c8894" },
  failed: { light: "#c14d00", dark: "#ff8a4c" },
  cancelled: { light: "#a8487c", dark: "#e59ac4" },
};

export function RungPart({ search }: { search: Searching }) {
  const { rungs, trials } = search;
  if (!search.halves) {
    return (
      <section class="panel">
        <h2>Rungs</h2>
        <p class="quiet">Without halving every trial is trained to the end: {plural(rungs[0] ?? 0, "epoch")}.</p>
      </section>
    );
  }
  return (
    <section class="panel">
      <Rungs
        title="How far each trial has come" level={2} height={220} scheme={scheme.value}
        climbers={trials.map((trial) => ({ key: trialName(trial), rung: trial.rung ?? 0, state: trial.state, value: shownValue(trial.value, search.metric) }))}
        rungs={rungs.map((epochs) => `${epochs} epochs`)} states={ORDER.map((key) => ({ key, title: STATES[key], colours: COLOURS[key] }))}
        summary={rungs.map((epochs, i) => `${reached(trials, i + 1).length} trials reached ${epochs} epochs`).join("; ")}
      />
      <RungTable search={search} />
    </section>
  );
}

const reached = (trials: Trial[], rung: number) => trials.filter((trial) => (trial.rung ?? 0) >= rung);

function RungTable({ search }: { search: Searching }) {
  const { rungs, trials, metric } = search;
  const rows = rungs.map((epochs, i) => {
    const here = trials.filter((trial) => trial.rung === i + 1);
    const of = (state: Trial["state"]) => here.filter((trial) => trial.state === state).length;
    return { rung: i + 1, epochs, reached: reached(trials, i + 1).length, beyond: reached(trials, i + 2).length, waiting: of("at_rung"), stopped: of("pruned"), best: ranked(here, metric)[0]?.value ?? null };
  });
  return (
    <Table
      caption="Rungs: how many trials reached each" rows={rows} rowKey={(row) => String(row.rung)}
      columns={[
        { key: "rung", title: "Rung", cell: (row) => (row.rung === rungs.length ? `${row.rung}, the end` : row.rung) },
        { key: "epochs", title: "Epochs", number: true, cell: (row) => row.epochs },
        { key: "reached", title: "Reached it", number: true, cell: (row) => row.reached },
        { key: "beyond", title: "Went further", number: true, hint: "Have a value at a later rung", cell: (row) => (row.rung === rungs.length ? "–" : row.beyond) },
        { key: "waiting", title: "Wait there", number: true, cell: (row) => row.waiting },
        { key: "stopped", title: "Ended there", number: true, cell: (row) => row.stopped },
        { key: "best", title: "Best that stayed", number: true, cell: (row) => shownValue(row.best, metric) },
      ]}
    />
  );
}
