// The trained network to take away: a zip in one of three formats, of one of the run's checkpoints.
import { useState } from "preact/hooks";
import { Action } from "../../parts/action";
import { Dialog } from "../../parts/dialog";
import { Shown } from "../../parts/states";
import { download } from "../../service/http";
import { useResource } from "../../service/resource";
import type { CheckpointList, Run } from "../../service/types";
import { ofRun } from "./run_data";

const FORMATS: [string, string, string][] = [
  ["onnx", "ONNX", "For onnxruntime, on any platform."],
  ["torch_export", "torch.export", "A program that PyTorch loads by itself."],
  ["safetensors", "safetensors", "The weights, and the network as a page of Python."],
];

/** Nothing before the first epoch. */
export function ExportModel({ run }: { run: Run }) {
  const [open, setOpen] = useState(false);
  if (!run.epoch) return null;
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>Export</button>
      <Dialog title="Export the model" open={open} onClose={() => setOpen(false)}>
        <Kept run={run} />
      </Dialog>
    </>
  );
}

function Kept({ run }: { run: Run }) {
  const list = useResource<CheckpointList>(`/v1/runs/${run.id}/checkpoints`, { about: ofRun(run.id, "checkpoint", "state", "rewind") });
  return (
    <Shown of={list} what="The list of checkpoints">
      {(value) => value.items.length
        ? <Formats run={run} best={value.items.some((each) => each.kind === "best")} />
        : <p class="quiet">No checkpoint is kept: there is nothing to export yet.</p>}
    </Shown>
  );
}

function Formats({ run, best }: { run: Run; best: boolean }) {
  const [checkpoint, setCheckpoint] = useState(best ? "best" : "last");
  const fetched = (format: string, title: string) => async () => {
    await download(`/v1/runs/${run.id}/export?format=${format}&checkpoint=${checkpoint}`, `${run.id}-${checkpoint}-${format}.zip`);
    return `The model is downloaded as ${title}.`;
  };
  return (
    <div class="stack">
      <p class="quiet">A zip with the network, its classes and preprocessing, a card, and a <code>load.py</code> that predicts without this service. It takes up to a few minutes to make.</p>
      {best && (
        <label class="field">Checkpoint
          <select value={checkpoint} onChange={(event) => setCheckpoint(event.currentTarget.value)}>
            <option value="best">best on validation</option>
            <option value="last">last</option>
          </select>
        </label>
      )}
      {FORMATS.map(([format, title, about]) => (
        <div class="row" key={format}>
          <Action act={fetched(format, title)}>{title}</Action>
          <span class="quiet">{about}</span>
        </div>
      ))}
    </div>
  );
}
