// A worker is asked to take nothing new, or to go on.
import { Action } from "../../parts/action";
import { send } from "../../service/http";
import type { Worker } from "../../service/types";

export function Drain({ worker, done }: { worker: Worker; done: () => void }) {
  const named = `${worker.device} of ${worker.hostname}`;
  const ask = async () => {
    await send("POST", `/v1/workers/${worker.id}/${worker.draining ? "resume" : "drain"}`);
    done();
    return worker.draining ? `${named} takes runs again.` : `${named} takes nothing new; what it trains goes on.`;
  };
  const title = worker.draining ? `Let ${named} take runs again` : `Let ${named} finish what it trains and take nothing new`;
  return <Action act={ask} title={title}>{worker.draining ? "Resume" : "Drain"}</Action>;
}
