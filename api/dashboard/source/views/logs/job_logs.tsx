// The logs of a job's runs, one at a time; which one is in the address.
import type { Run } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { Logs } from "./logs";

export interface NamedRun {
  run: Run;
  title: string;
}

/** Shows the log of the chosen run; at first one that failed, else one that runs, else the first. */
export function JobLogs({ runs }: { runs: NamedRun[] }) {
  const first = runs.find(({ run }) => run.state === "failed") ?? runs.find(({ run }) => run.state === "running") ?? runs[0];
  const chosen = runs.find(({ run }) => run.id === query.value.get("run")) ?? first;
  if (!chosen) return <p class="quiet">This job has no runs.</p>;
  return (
    <>
      <div class="filters">
        <label class="row small">
          Run
          <select aria-label="Run" value={chosen.run.id} onChange={(event) => setQuery({ run: event.currentTarget.value, line: null })}>
            {runs.map(({ run, title }) => <option key={run.id} value={run.id}>{title}: {run.state}</option>)}
          </select>
        </label>
      </div>
      <Logs key={chosen.run.id} run={chosen.run.id} tall />
    </>
  );
}
