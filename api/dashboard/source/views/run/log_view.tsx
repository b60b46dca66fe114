// A run's log by itself, with the whole page for it.
import { Shown } from "../../parts/states";
import { to } from "../../shell/address";
import { titled } from "../../shell/title";
import { Logs } from "../logs/logs";
import { Failed, Head } from "./head";
import { useJobOf, useRun } from "./run_data";
import { runTitle } from "./run_view";

export default function LogView({ id }: { id: string }) {
  const run = useRun(id);
  const job = useJobOf(run.value);
  titled(run.value ? `Log · ${runTitle(run.value)} · ${job.value?.name || run.value.job}` : "Log");
  return (
    <Shown of={run} what="The run">
      {(value) => (
        <>
          <Head run={value} job={job.value} refresh={run.refresh} />
          <Failed run={value} />
          <p class="small"><a href={to(`/runs/${id}`)}>Curves, history and checkpoints of this run</a></p>
          <Logs run={id} tall />
        </>
      )}
    </Shown>
  );
}
