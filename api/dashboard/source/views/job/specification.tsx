// The complete specification, and what differs from the job that it was made from, or from any other.
import { Action } from "../../parts/action";
import { Shown } from "../../parts/states";
import { useResource } from "../../service/resource";
import type { Job } from "../../service/types";
import { query, setQuery, to } from "../../shell/address";
import { differences } from "../../parts/differences";

export function Specification({ job }: { job: Job }) {
  const text = JSON.stringify(job.spec, null, 2);
  const other = query.value.get("against") ?? job.parent ?? "";
  return (
    <div class="columns">
      <section class="panel">
        <div class="row spread">
          <h2>Specification</h2>
          <div class="row">
            <Action act={async () => { await navigator.clipboard.writeText(text); return "Copied."; }}>Copy</Action>
            <a class="button" href={to("/submit", { job: job.id })}>Clone and edit</a>
          </div>
        </div>
        <pre tabIndex={0} aria-label="Specification as JSON">{text}</pre>
      </section>
      <section class="panel">
        <h2>Difference {job.parent && other === job.parent ? "to the job it was made from" : "to another job"}</h2>
        <label class="field">
          Identifier of the other job
          <input value={other} placeholder="j_…" onChange={(event) => setQuery({ against: event.currentTarget.value.trim() || null })} />
        </label>
        {other ? <Against job={job} other={other} /> : <p class="quiet small">This job was not made by editing another one. Name any job to see what differs.</p>}
      </section>
    </div>
  );
}

function Against({ job, other }: { job: Job; other: string }) {
  const theirs = useResource<Job>(`/v1/jobs/${encodeURIComponent(other)}`);
  return (
    <Shown of={theirs} what="The other job">
      {(value) => {
        const rows = differences(value.spec, job.spec);
        if (!rows.length) return <p>The specifications are the same.</p>;
        return (
          <div class="scroll" tabIndex={0} role="region" aria-label="Differences">
            <table>
              <caption class="hidden">What differs</caption>
              <thead><tr><th scope="col">Field</th><th scope="col"><a href={to(`/jobs/${value.id}`)}>{value.name || value.id}</a></th><th scope="col">This job</th></tr></thead>
              <tbody>
                {rows.map((row) => <tr key={row.path}><td><code>{row.path}</code></td><td class="wide">{row.before}</td><td class="wide">{row.after}</td></tr>)}
              </tbody>
            </table>
          </div>
        );
      }}
    </Shown>
  );
}
