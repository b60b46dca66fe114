// One run: how it stands and why, its curves, its log, what has happened to it, and what it keeps.
import { pointName } from "../../parts/points";
import { Shown } from "../../parts/states";
import type { Resource } from "../../service/resource";
import type { Job, Run } from "../../service/types";
import { titled } from "../../shell/title";
import { Logs } from "../logs/logs";
import { Checkpoints } from "./checkpoints";
import { RunCurves } from "./curves";
import { Environment } from "./environment";
import { Failed, Head } from "./head";
import { Predict } from "./predict";
import { MostWrong } from "./most_wrong";
import { Timeline } from "./timeline";
import { useJobOf, useRun } from "./run_data";

export const runTitle = (run: Run): string => `${pointName(run.point, "")}${Object.keys(run.point).length ? ", " : ""}seed ${run.seed}`;

export default function RunView({ id }: { id: string }) {
  const run = useRun(id);
  const job = useJobOf(run.value);
  const name = job.value?.name || run.value?.job;
  titled(run.value ? `${runTitle(run.value)} · ${name}` : "Run");
  return <Shown of={run} what="The run">{(value) => <Page run={value} job={job.value} refresh={run.refresh} />}</Shown>;
}

function Page({ run, job, refresh }: { run: Run; job: Job | null; refresh: Resource<Run>["refresh"] }) {
  return (
    <>
      <Head run={run} job={job} refresh={refresh} />
      <Failed run={run} />
      <div class="columns">
        <RunCurves run={run} />
        <Logs run={run.id} />
      </div>
      <Predict run={run} />
      <MostWrong run={run} />
      <div class="columns three">
        <Timeline run={run} />
        <Checkpoints run={run} />
        <Environment run={run} />
      </div>
    </>
  );
}
