// Finds a job by its name, to add it to what is chosen.
import { useEffect, useState } from "preact/hooks";
import { get } from "../service/http";
import { useReading } from "../service/resource";
import type { JobList } from "../service/types";
import { Failure, Loading } from "./states";

const FOUND = 8;
const TYPING_MILLISECONDS = 250;

export function JobSearch({ without, add }: { without: string[]; add: (id: string) => void }) {
  const [typed, setTyped] = useState("");
  const [name, setName] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setName(typed.trim()), TYPING_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [typed]);
  const asked = `/v1/jobs?limit=${FOUND + without.length}${name ? `&name=${encodeURIComponent(name)}` : ""}`;
  const found = useReading(asked, (signal) => get<JobList>(asked, signal), { keep: true });
  const jobs = (found.value?.items ?? []).filter((job) => !without.includes(job.id)).slice(0, FOUND);
  return (
    <div class="stack add-side">
      <label class="field">
        Name of a job
        <input type="search" data-search value={typed} placeholder="newest first" onInput={(event) => setTyped(event.currentTarget.value)} />
      </label>
      {found.error && !found.value && <Failure error={found.error} what="The list of jobs" again={found.refresh} />}
      {!found.value && !found.error && <Loading what="jobs" />}
      {found.value && !jobs.length && <p class="quiet">{name ? "No other job has this in its name." : "There is no other job."}</p>}
      <ul class="found">
        {jobs.map((job) => (
          <li key={job.id} class="row">
            <button type="button" aria-label={`Add ${job.name || job.id}`} onClick={() => add(job.id)}>Add</button>
            <span>{job.name || job.id}</span>
            <span class="quiet">{job.datasets.join(", ")}{job.imbalance_factor ? ` ${job.imbalance_factor}:1` : ""} · {job.methods.join(", ")} · {job.state}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
