// Predictions of new examples: images that are dropped or chosen, or rows that are pasted: of numbers, or of a table.
import type { TargetedDragEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { percent } from "../../parts/format";
import { Errors } from "../../parts/states";
import { asked } from "../../service/http";
import { useResource } from "../../service/resource";
import type { CheckpointList, PredictionList, Run } from "../../service/types";
import { ofRun } from "./run_data";
import { readRows } from "./rows";

const LIKELIEST = 5;
const MOST = 256;

interface Input {
  name: string;
  /** Address of its picture, where it is one. */
  picture: string | null;
}

interface Answered {
  inputs: Input[];
  answer: PredictionList;
}

export function Predict({ run }: { run: Run }) {
  const list = useResource<CheckpointList>(`/v1/runs/${run.id}/checkpoints`, { about: ofRun(run.id, "checkpoint", "state", "rewind") });
  return list.value?.items.length ? <Panel key={run.id} run={run} /> : null;
}

function Panel({ run }: { run: Run }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [found, setFound] = useState<Answered | null>(null);
  useEffect(() => () => found?.inputs.forEach((each) => each.picture && URL.revokeObjectURL(each.picture)), [found]);
  async function ask(prepare: () => { inputs: Input[]; body: FormData | string }): Promise<void> {
    if (busy) return;
    setBusy(true);
    setError(null);
    setFound(null);
    try {
      const { inputs, body } = prepare();
      setFound({ inputs, answer: await asked<PredictionList>(`/v1/runs/${run.id}/predict`, body) });
    } catch (refused) {
      setError(refused as Error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <section class="panel predict">
      <h2>Predict</h2>
      <p class="quiet small">
        New examples, seen as the run saw its test examples. The best checkpoint answers where one is kept, else the last.
      </p>
      <div class="predict-inputs">
        {run.inputs !== "table" && <Images busy={busy} ask={(files) => ask(() => ofImages(files))} />}
        <Rows busy={busy} table={run.inputs === "table"} ask={(text) => ask(() => ofRows(text, run.inputs === "table"))} />
      </div>
      <div aria-live="polite">{busy && <p class="quiet loading">Predicting … The network is loaded first, which takes a few seconds.</p>}</div>
      <Errors error={error} />
      {found && <Predictions found={found} />}
    </section>
  );
}

function ofImages(files: File[]): { inputs: Input[]; body: FormData } {
  if (files.length > MOST) throw new Error(`${files.length} files; at most ${MOST} are predicted at a time. The command lpl predict sends any number.`);
  const body = new FormData();
  for (const file of files) body.append("files", file, file.name);
  return { body, inputs: files.map((file) => ({ name: file.name, picture: URL.createObjectURL(file) })) };
}

function ofRows(text: string, table: boolean): { inputs: Input[]; body: string } {
  const rows = readRows(text, { table });
  return { body: JSON.stringify({ inputs: rows }), inputs: rows.map((_, place) => ({ name: `Row ${place + 1}`, picture: null })) };
}

function Images({ busy, ask }: { busy: boolean; ask: (files: File[]) => void }) {
  const [over, setOver] = useState(false);
  const drop = (event: TargetedDragEvent<HTMLElement>) => {
    event.preventDefault();
    setOver(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) ask(files);
  };
  const drag = (event: TargetedDragEvent<HTMLElement>) => {
    event.preventDefault();
    setOver(event.type === "dragover");
  };
  return (
    <label class={over ? "field drop over" : "field drop"} onDragOver={drag} onDragLeave={drag} onDrop={drop}>
      Images: drop them here, or choose
      <input
        type="file"
        accept="image/*"
        multiple
        disabled={busy}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = "";
          if (files.length) ask(files);
        }}
      />
    </label>
  );
}

function Rows({ busy, table, ask }: { busy: boolean; table: boolean; ask: (text: string) => void }) {
  const box = useRef<HTMLTextAreaElement>(null);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        ask(box.current?.value ?? "");
      }}
    >
      <label class="field">
        {table ? "Rows of the table: its header first, the column of the labels may be left out" : "Rows of numbers: one a line, commas or spaces between them"}
        <textarea ref={box} rows={table ? 5 : 3} spellcheck={false} placeholder={table ? "age,city\n31,Bonn" : "5.1, 3.5, 1.4, 0.2"} />
      </label>
      <button type="submit" aria-busy={busy}>Predict the rows</button>
    </form>
  );
}

function Predictions({ found }: { found: Answered }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Predictions">
      <table>
        <caption>Predictions in the order of the inputs, with the {Math.min(LIKELIEST, found.answer.classes.length)} likeliest classes</caption>
        <thead><tr><th scope="col">Input</th><th scope="col">Predicted</th><th scope="col">Likeliest</th></tr></thead>
        <tbody>
          {found.answer.predictions.map((each, place) => {
            const input = found.inputs[place];
            const predicted = each.label ?? (each.labels?.join(", ") || "no label");
            return (
              <tr key={place}>
                <th scope="row">{input?.picture && <img src={input.picture} alt="" />}{input?.name}</th>
                <td><strong>{predicted}</strong></td>
                <td><Likeliest classes={found.answer.classes} probabilities={each.probabilities} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Likeliest({ classes, probabilities }: { classes: string[]; probabilities: number[] }) {
  const ranked = classes.map((name, place) => ({ name, value: probabilities[place] ?? 0 })).sort((a, b) => b.value - a.value);
  return (
    <ul class="likeliest">
      {ranked.slice(0, LIKELIEST).map((each) => (
        <li key={each.name}>
          <span>{each.name}</span>
          <span>{percent(each.value)}</span>
          <span class="bar" aria-hidden="true"><span style={{ width: `${100 * each.value}%` }} /></span>
        </li>
      ))}
    </ul>
  );
}
