// A study of experiments of one's own choice: those of jobs that there are, trained anew.
import { useState } from "preact/hooks";
import { JobSearch } from "../../parts/job_search";
import { Empty, Failure, Loading } from "../../parts/states";
import { get } from "../../service/http";
import { useReading } from "../../service/resource";
import type { Job } from "../../service/types";
import { query, setQuery, to } from "../../shell/address";
import { Make } from "./making";

export function OwnJobsForm() {
  const [name, setName] = useState("");
  const ids = query.value.getAll("job");
  const jobs = useReading(`study of ${ids.join()}`, (signal) => Promise.all(ids.map((id) => get<Job>(`/v1/jobs/${encodeURIComponent(id)}`, signal))), { keep: true });
  const chosen = (jobs.value ?? []).filter((job) => ids.includes(job.id));
  return (
    <form class="panel stack" onSubmit={(event) => event.preventDefault()}>
      <p>The experiments of these jobs are trained anew as one study; the jobs themselves stay as they are. Each job is a row, and where it sweeps each of its points; the columns are the metrics.</p>
      <label class="field">Name of the study<input value={name} maxLength={200} onInput={(event) => setName(event.currentTarget.value)} /></label>
      {jobs.error && <Failure error={jobs.error} what="A chosen job" again={jobs.refresh} />}
      {!jobs.value && !jobs.error && <Loading what="the jobs" />}
      {jobs.value && !ids.length && <Empty>Nothing is chosen yet.</Empty>}
      <ul class="found" aria-label="Jobs of the study">
        {chosen.map((job) => (
          <li key={job.id} class="row">
            <button type="button" aria-label={`Take out ${job.name || job.id}`} onClick={() => setQuery({ job: ids.filter((each) => each !== job.id) })}>Take out</button>
            <a href={to(`/jobs/${job.id}`)}>{job.name || job.id}</a>
            <span class="quiet">{job.datasets.join(", ")} · {job.methods.join(", ")} · {job.runs_total} runs</span>
          </li>
        ))}
      </ul>
      <details class="small" open={!ids.length}>
        <summary>Add a job</summary>
        <JobSearch without={ids} add={(id) => setQuery({ job: [...ids, id] })} />
      </details>
      <Make body={{ name: name.trim(), jobs: chosen.map((job) => job.spec) }} ready={name.trim() !== "" && chosen.length > 0 && chosen.length === ids.length} />
    </form>
  );
}
