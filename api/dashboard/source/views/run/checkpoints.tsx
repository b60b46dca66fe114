// The checkpoints that are kept, to be downloaded; the newest first.
import { Action } from "../../parts/action";
import { bytes } from "../../parts/format";
import { Shown } from "../../parts/states";
import { Time } from "../../parts/time";
import { download } from "../../service/http";
import { useResource } from "../../service/resource";
import type { Checkpoint, CheckpointList, Run } from "../../service/types";
import { ENDED } from "../../parts/run_states";
import { ofRun } from "./run_data";

const KINDS: Record<string, string> = { last: "last", best: "best on validation", periodic: "on the way" };

export function Checkpoints({ run }: { run: Run }) {
  const list = useResource<CheckpointList>(`/v1/runs/${run.id}/checkpoints`, { about: ofRun(run.id, "checkpoint", "state", "rewind") });
  const fetched = (each: Checkpoint) => async () => {
    const name = `${run.id}-epoch${each.epoch}-${each.kind}.safetensors`;
    await download(`/v1/checkpoints/${each.id}/content`, name);
    return `${name} is downloaded.`;
  };
  return (
    <section class="panel">
      <Shown of={list} what="The list of checkpoints">
        {(value) => {
          const rows = [...value.items].reverse();
          const newest = rows[0];
          return (
            <>
              <div class="row spread">
                <h2>Checkpoints</h2>
                {newest && <Action act={fetched(newest)} primary>Download the newest</Action>}
              </div>
              {!newest && <p class="quiet">{ENDED.includes(run.state) ? "None is kept." : "None yet: the first comes at the epoch that the specification names, and one at the end."}</p>}
              <ul class="checkpoints">
                {rows.map((each) => <Item key={each.id} each={each} fetched={fetched(each)} />)}
              </ul>
            </>
          );
        }}
      </Shown>
    </section>
  );
}

function Item({ each, fetched }: { each: Checkpoint; fetched: () => Promise<string> }) {
  return (
    <li>
      <span><strong>Epoch {each.epoch}</strong>, {KINDS[each.kind] ?? each.kind}</span>
      <span class="quiet">{bytes(each.size_bytes)}, <Time at={each.created_at} /></span>
      <Action act={fetched} title={`Download the checkpoint of epoch ${each.epoch}`}>Download</Action>
      <code class="quiet" title="SHA-256">{each.sha256}</code>
    </li>
  );
}
