// Makes a data set of a file that is dropped on the page or chosen.
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../../service/http";
import type { DatasetDetail } from "../../service/types";
import { Cancelled, type Sending, sendFile } from "../../service/upload";
import { go, to } from "../../shell/address";
import { say } from "../../shell/notices";

type Name = "name" | "task" | "target" | "split";
const EMPTY: Record<Name, string> = { name: "", task: "", target: "", split: "" };
const HEADER_BYTES = 65_536;
const FOLDER = "A folder is sent from the command line, which packs it on the way: lpl dataset add NAME FOLDER";

export function Upload({ done }: { done: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [fields, setFields] = useState(EMPTY);
  const [columns, setColumns] = useState<string[]>([]);
  const [share, setShare] = useState<number | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const sending = useRef<Sending<DatasetDetail> | null>(null);
  const table = isTable(file);

  async function choose(chosen: File): Promise<void> {
    if (sending.current) return;
    setFile(chosen);
    setError(null);
    setFields((now) => ({ ...EMPTY, name: now.name || nameFrom(chosen.name) }));
    setColumns(isTable(chosen) ? await columnsOf(chosen) : []);
  }
  const over = useDropped((chosen) => void choose(chosen), () => setError(new Error(FOLDER)));
  useEffect(() => () => sending.current?.cancel(), []);

  async function upload(): Promise<void> {
    if (!file || sending.current) return;
    setError(null);
    setShare(0);
    try {
      sending.current = sendFile<DatasetDetail>("/v1/datasets", filled(fields, table), file, setShare);
      const made = await sending.current.answer;
      done();
      say(`${made.name} is uploaded: ${made.classes?.length ?? 0} classes.`);
      go(to(`/datasets/${encodeURIComponent(made.name)}`));
    } catch (problem) {
      if (problem instanceof Cancelled) say(problem.message);
      else setError(problem as Error);
    } finally {
      sending.current = null;
      setShare(null);
    }
  }

  const set = (name: Name) => (text: string) => setFields({ ...fields, [name]: text });
  const shown = ["name", "task", ...(table ? ["target", "split"] : [])];
  const errors = error instanceof Problem ? error.errors : [];
  const wrong = (name: string) => errors.filter((each) => each.path === name).map((each) => each.message);
  const elsewhere = errors.length ? errors.filter((each) => !shown.includes(each.path)).map((each) => each.message) : error ? [error.message] : [];
  return (
    <section class="panel" aria-labelledby="upload-title">
      <h2 id="upload-title">Upload your own</h2>
      <p class="quiet small">An <code>.npz</code>, a zip or tar of images (a folder per class, or with <code>labels.csv</code>), or a <code>.csv</code> table. The service reads all of it before it answers.</p>
      <form onSubmit={(event) => { event.preventDefault(); void upload(); }}>
        <Chosen file={file} over={over} choose={(chosen) => void choose(chosen)} />
        <div class="fields">
          <Text name="name" title="Name" hint="the name that experiments will use" value={fields.name} set={set("name")} wrong={wrong("name")} />
          <Task value={fields.task} set={set("task")} wrong={wrong("task")} />
          {table && <Text name="target" title="Column of the classes" hint="empty: target, label, class or y, else the last one" value={fields.target} set={set("target")} wrong={wrong("target")} of={columns} />}
          {table && <Text name="split" title="Column of the splits" hint="train, val or test; empty: the one called split, else the service draws a test split" value={fields.split} set={set("split")} wrong={wrong("split")} of={columns} />}
        </div>
        {elsewhere.map((message) => <p key={message} class="errors small" role="alert">{message}</p>)}
        {share === null ? (
          <button type="submit" class="primary" disabled={!file || !fields.name.trim()}>Upload</button>
        ) : (
          <Progress share={share} cancel={() => sending.current?.cancel()} />
        )}
      </form>
    </section>
  );
}

function Chosen({ file, over, choose }: { file: File | null; over: boolean; choose: (file: File) => void }) {
  return (
    <label class={over ? "drop over" : "drop"}>
      <strong>{file ? file.name : "Drop a file on this page, or choose one"}</strong>
      {file && <span class="small quiet">{size(file.size)}</span>}
      <input type="file" aria-label="File" onChange={(event) => { const [chosen] = event.currentTarget.files ?? []; if (chosen) choose(chosen); }} />
    </label>
  );
}

interface TextProperties {
  name: Name;
  title: string;
  hint: string;
  value: string;
  set: (text: string) => void;
  wrong: string[];
  of?: string[];
}

function Text({ name, title, hint, value, set, wrong, of }: TextProperties) {
  const id = `upload-${name}`;
  return (
    <div class={wrong.length ? "field wrong" : "field"}>
      <label for={id}>{title}</label>
      <input id={id} value={value} list={of && `${id}-of`} aria-describedby={`${id}-said`} aria-invalid={wrong.length > 0 || undefined} onInput={(event) => set(event.currentTarget.value)} />
      {of && <datalist id={`${id}-of`}>{of.map((each) => <option key={each} value={each} />)}</datalist>}
      <div id={`${id}-said`}>
        {wrong.map((message) => <p key={message} class="errors" role="alert">{message}</p>)}
        <span class="hint">{hint}</span>
      </div>
    </div>
  );
}

function Task({ value, set, wrong }: { value: string; set: (text: string) => void; wrong: string[] }) {
  return (
    <div class={wrong.length ? "field wrong" : "field"}>
      <label for="upload-task">Labels</label>
      <select id="upload-task" value={value} onChange={(event) => set(event.currentTarget.value)}>
        <option value="">read from the labels</option>
        <option value="single_label">one label each</option>
        <option value="multi_label">several labels each</option>
      </select>
      {wrong.map((message) => <p key={message} class="errors" role="alert">{message}</p>)}
      <span class="hint">of one example</span>
    </div>
  );
}

function Progress({ share, cancel }: { share: number; cancel: () => void }) {
  const percent = Math.floor(100 * share);
  return (
    <div class="row sending">
      <progress value={share < 1 ? share : undefined} aria-label="Upload" />
      <span class="small" role="status">{share < 1 ? `${percent} % sent` : "sent; the service reads it"}</span>
      <button type="button" onClick={cancel}>Cancel</button>
    </div>
  );
}

/** Whether something is held over the page; what is dropped anywhere on it goes to these. */
function useDropped(file: (file: File) => void, folder: () => void): boolean {
  const [over, setOver] = useState(false);
  const now = useRef({ file, folder });
  now.current = { file, folder };
  useEffect(() => {
    const held = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(event.type === "dragover");
    };
    const dropped = (event: DragEvent) => {
      held(event);
      const item = event.dataTransfer?.items[0];
      const chosen = event.dataTransfer?.files[0];
      if (item?.webkitGetAsEntry()?.isDirectory) now.current.folder();
      else if (chosen) now.current.file(chosen);
    };
    const listeners = [["dragover", held], ["dragleave", held], ["drop", dropped]] as const;
    for (const [name, listener] of listeners) document.addEventListener(name, listener);
    return () => listeners.forEach(([name, listener]) => document.removeEventListener(name, listener));
  }, []);
  return over;
}

function isTable(file: File | null): boolean {
  return file?.name.toLowerCase().endsWith(".csv") ?? false;
}

function filled(fields: Record<Name, string>, table: boolean): Record<string, string> {
  const names: Name[] = table ? ["name", "task", "target", "split"] : ["name", "task"];
  return Object.fromEntries(names.map((name) => [name, fields[name].trim()]).filter(([, text]) => text));
}

/** What a file's name leaves for the name of a data set. */
function nameFrom(file: string): string {
  return file.replace(/(\.tar)?\.\w+$/, "").replace(/[^A-Za-z0-9_.-]+/g, "_").replace(/^[^A-Za-z0-9]+/, "").slice(0, 64);
}

/** The columns of a table, offered to choose from; a quoted comma in a header is not looked for. */
async function columnsOf(file: File): Promise<string[]> {
  const [header = ""] = (await file.slice(0, HEADER_BYTES).text()).replace(/^\uFEFF/, "").split(/\r?\n/, 1);
  return header.split(",").map((name) => name.trim().replace(/^"|"$/g, "")).filter(Boolean);
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
