// One study: its answer first where it gives one, its table beside the published one, figures, and the jobs behind it.
import { useRef, useState } from "preact/hooks";
import { Progress, StateBadge } from "../../parts/badges";
import { Printed } from "../../parts/printed";
import { Shown } from "../../parts/states";
import { Table } from "../../parts/table";
import type { LiveEvent } from "../../service/live_worker";
import { useResource } from "../../service/resource";
import type { Study } from "../../service/types";
import { to } from "../../shell/address";
import { titled } from "../../shell/title";
import { Answer } from "./answer";
import { Figures } from "./figures";
import { Head } from "./head";
import { Measured } from "./measured";

/** Lines of a log and checkpoints change nothing here. */
const QUIET = ["log", "checkpoint"];

export default function StudyView({ id }: { id: string }) {
  const jobs = useRef<Set<string>>(new Set());
  const about = (event: LiveEvent) => event.event === "reset" || (event.job !== null && jobs.current.has(event.job) && !QUIET.includes(event.event));
  const study = useResource<Study>(`/v1/studies/${id}`, { about });
  jobs.current = new Set(study.value?.jobs.map((job) => job.id));
  titled(study.value ? study.value.name || study.value.id : "Study");
  return <Shown of={study} what="The study">{(value) => <Page study={value} refresh={study.refresh} />}</Shown>;
}

function Page({ study, refresh }: { study: Study; refresh: () => void }) {
  const [printed, setPrinted] = useState(false);
  const version = JSON.stringify(study.rows.map((row) => Object.values(row.cells).map((cell) => [cell.mean, cell.n, cell.missing.length])));
  return (
    <>
      <Head study={study} refresh={refresh} />
      <Answer study={study} />
      <Measured study={study} />
      {study.rows.length > 0 && (
        <details class="panel" onToggle={(event) => setPrinted(event.currentTarget.open)}>
          <summary><h2>Table for a paper</h2></summary>
          {printed && <Printed path={`/v1/studies/${study.id}/table?`} file={study.preset ?? study.id} version={version} />}
        </details>
      )}
      <Figures study={study} />
      <Jobs study={study} />
    </>
  );
}

function Jobs({ study }: { study: Study }) {
  return (
    <section class="panel">
      <h2>Jobs</h2>
      <Table
        caption="Jobs of the study" rows={study.jobs} rowKey={(job) => job.id}
        columns={[
          { key: "name", title: "Job", wide: true, cell: (job) => <a href={to(`/jobs/${job.id}`)}>{job.name || job.id}</a> },
          { key: "state", title: "State", cell: (job) => <StateBadge state={job.state} /> },
          { key: "progress", title: "Progress", cell: (job) => <Progress value={job.progress} label={`progress of ${job.name || job.id}`} /> },
        ]}
      />
    </section>
  );
}
