// What the study is, how it stands, and what may be asked of it.
import { Action } from "../../parts/action";
import { Progress, StateBadge } from "../../parts/badges";
import { plural } from "../../parts/format";
import { REQUESTS, SAID } from "../../parts/requests";
import { ENDED } from "../../parts/run_states";
import { Time } from "../../parts/time";
import { TimeLeft } from "../../parts/time_left";
import { send } from "../../service/http";
import type { Study } from "../../service/types";
import { go, to } from "../../shell/address";
import { kindName } from "../studies/kinds";

export function Head({ study, refresh }: { study: Study; refresh: () => void }) {
  const ended = ENDED.includes(study.state);
  const ask = (action: string) => async () => {
    await send("POST", `/v1/studies/${study.id}/${action}`);
    refresh();
    return `${SAID[action]} requested.`;
  };
  const sure = { title: "Cancel the study", text: `Runs of its ${plural(study.jobs.length, "job")} that have not ended stop; what they have recorded stays.`, yes: "Cancel it" };
  return (
    <header class="job-head">
      <div class="row spread">
        <h1>{study.name || study.id}</h1>
        <div class="row">
          {REQUESTS[study.state]?.map(([action, title]) => (
            <Action key={action} act={ask(action)} ask={action === "cancel" ? sure : undefined}>{title}</Action>
          ))}
          {study.jobs.length > 1 && study.jobs.length <= MOST_COMPARED && <a class="button" href={to("/compare", { job: study.jobs.map((job) => job.id) })}>Compare its jobs</a>}
          {ended && <Delete study={study} />}
        </div>
      </div>
      <p class="row quiet small">
        <StateBadge state={study.state} requested={ended ? null : study.requested} />
        {!ended && <Progress value={study.progress} label="progress of the study" />}
        {!ended && <TimeLeft of={study} />}
        <span>{kindName(study)}</span>
        {study.citation && <span>{study.citation}</span>}
        <span>{plural(study.jobs.length, "job")}</span>
        <span>submitted <Time at={study.created_at} /></span>
        {study.finished_at && <span>ended <Time at={study.finished_at} /></span>}
      </p>
    </header>
  );
}

/** Sides of one comparison. */
const MOST_COMPARED = 32;

function Delete({ study }: { study: Study }) {
  const act = async () => {
    await send("DELETE", `/v1/studies/${study.id}`);
    go("#/studies");
    return `${study.name || study.id} is deleted.`;
  };
  const ask = { title: "Delete the study", text: `The study goes with its ${plural(study.jobs.length, "job")}, their runs, metrics, series, logs and checkpoints. This cannot be undone.`, yes: "Delete it" };
  return <Action act={act} ask={ask}>Delete</Action>;
}
