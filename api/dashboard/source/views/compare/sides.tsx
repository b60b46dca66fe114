// The sides as chips: take one out, add a job found by its name.
import { useEffect, useState } from "preact/hooks";
import { styles } from "../../charts/colours";
import { query, setQuery } from "../../shell/address";
import { scheme } from "../../shell/theme";
import { JobSearch } from "../../parts/job_search";
import type { Side } from "./comparison";

export const askedJobs = () => query.value.getAll("job");
export const askedRuns = () => query.value.getAll("run");
/** Keys of sides that the address leaves out: points of a job whose others are shown. */
export const leftOut = () => query.value.getAll("without");

function takeOut(side: Side, all: Side[]): void {
  const others = all.filter((each) => each.job === side.job && !each.run && each !== side && !leftOut().includes(each.key));
  if (side.run) setQuery({ run: askedRuns().filter((run) => run !== side.run) });
  else if (others.length) setQuery({ without: [...leftOut(), side.key] });
  else setQuery({ job: askedJobs().filter((job) => job !== side.job), without: leftOut().filter((key) => !key.startsWith(`${side.job}.`)) });
}

export function Chips({ all, shown }: { all: Side[]; shown: Side[] }) {
  const looks = styles(shown.map((side) => side.method), scheme.value);
  const hidden = all.length - shown.length;
  return (
    <ul class="chips sides-chips" aria-label="Sides of the comparison">
      {shown.map((side, i) => (
        <li key={side.key} class="chip">
          <svg width="22" height="10" aria-hidden="true">
            <line x1="0" x2="22" y1="5" y2="5" stroke={looks[i]?.colour} stroke-width="3" stroke-dasharray={looks[i]?.dash === "solid" ? undefined : (looks[i]?.dash as number[]).join(" ")} />
          </svg>
          <a href={`#/jobs/${side.job}`} title={side.jobName}>{side.name}</a>
          <button type="button" class="plain" aria-label={`Take out ${side.name}`} onClick={() => takeOut(side, all)}>×</button>
        </li>
      ))}
      {hidden > 0 && <li><button type="button" onClick={() => setQuery({ without: null })}>Show {hidden} left out</button></li>}
    </ul>
  );
}

/** What the address asks for, where it cannot be compared: each can still be taken out. */
export function Asked() {
  const [jobs, runs] = [askedJobs(), askedRuns()];
  const chip = (id: string, remove: () => void) => (
    <li key={id} class="chip"><code>{id}</code><button type="button" class="plain" aria-label={`Take out ${id}`} onClick={remove}>×</button></li>
  );
  return (
    <ul class="chips sides-chips" aria-label="Sides of the comparison">
      {jobs.map((id) => chip(id, () => setQuery({ job: jobs.filter((each) => each !== id) })))}
      {runs.map((id) => chip(id, () => setQuery({ run: runs.filter((each) => each !== id) })))}
    </ul>
  );
}

export function AddSide({ open }: { open: boolean }) {
  const [shown, setShown] = useState(open);
  useEffect(() => { if (open) setShown(true); }, [open]);
  return (
    <details class="small" open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>Add a job</summary>
      {shown && <JobSearch without={askedJobs()} add={(id) => setQuery({ job: [...askedJobs(), id] })} />}
    </details>
  );
}
