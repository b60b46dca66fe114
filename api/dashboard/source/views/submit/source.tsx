// Where a draft starts: a copy of a job, a preset, a data set, a file; and what it took the place of.
import { useEffect, useState } from "preact/hooks";
import { Action } from "../../parts/action";
import { get } from "../../service/http";
import type { Catalog, Job, Study } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { say } from "../../shell/notices";
import { FIRST, before, draft, fresh, start } from "./draft";
import { type Fields, same } from "./paths";
import { understood } from "./text_part";

interface Preset {
  name: string;
  title: string;
  spec: Fields;
}
const presets = (catalog: Catalog) => (catalog.presets ?? []) as unknown as Preset[];
const KINDS = ["job", "study", "preset", "dataset", "method"] as const;
const NOTHING = { job: null, study: null, preset: null, dataset: null, method: null };

/** What the address asks for: "job:ID", "study:ID", "preset:NAME", "dataset:NAME", "method:NAME", or "". */
function asked(): string {
  for (const kind of KINDS) {
    const name = query.value.get(kind);
    if (name) return `${kind}:${name}`;
  }
  return "";
}

async function specOf(source: string, catalog: Catalog): Promise<Fields> {
  const name = source.slice(source.indexOf(":") + 1);
  if (source.startsWith("job:")) return (await get<Job>(`/v1/jobs/${encodeURIComponent(name)}`)).spec;
  if (source.startsWith("study:")) return specFound(await get<Study>(`/v1/studies/${encodeURIComponent(name)}`));
  if (source.startsWith("method:")) return { ...draft.value.spec, sweep: undefined, method: name };
  if (source.startsWith("dataset:")) {
    const multi = catalog.datasets?.find((entry) => entry.name === name)?.tasks.every((task) => task === "multi_label");
    return { ...FIRST, dataset: { name }, ...(multi ? { method: "r_bce_focal_lpl" } : {}) };
  }
  const preset = presets(catalog).find((each) => each.name === name);
  if (!preset) throw new Error(`There is no preset ${name}.`);
  return preset.spec;
}

function specFound({ answer }: Study): Fields {
  if (!answer?.spec) throw new Error("The study has found no method to train again.");
  return answer.spec;
}

/** Starts anew when the address names another source than the draft's; says why it cannot. */
export function useSource(catalog: Catalog | null): string | null {
  const source = asked();
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    setProblem(null);
    if (!catalog || !source || draft.value.from === source) return undefined;
    let gone = false;
    specOf(source, catalog).then(
      (spec) => !gone && start(spec, source),
      (error: Error) => !gone && setProblem(error.message),
    );
    return () => {
      gone = true;
    };
  }, [source, catalog]);
  return problem;
}

export function Source({ catalog, problem }: { catalog: Catalog; problem: string | null }) {
  return (
    <div class="row source">
      <label class="row small">
        Start from
        <select value="" onChange={(event) => setQuery({ ...NOTHING, preset: event.currentTarget.value })}>
          <option value="">a preset</option>
          {groups(catalog).map(([group, items]) => (
            <optgroup key={group} label={group}>{items.map((preset) => <option key={preset.name} value={preset.name}>{preset.title}</option>)}</optgroup>
          ))}
        </select>
      </label>
      <Import />
      <Action act={anew} ask={edited() ? { title: "Start over?", text: "What you have written here is lost.", yes: "Start over" } : undefined}>Start over</Action>
      {before.value && edited(before.value.spec, before.value.from) && <button type="button" onClick={back}>Back to what I wrote before</button>}
      <Said problem={problem} />
    </div>
  );
}

const edited = (spec = draft.value.spec, from = draft.value.from) => from !== "" || !same(spec, FIRST);

async function anew(): Promise<void> {
  setQuery(NOTHING);
  before.value = null;
  draft.value = fresh(FIRST, "");
}

function back(): void {
  const last = before.value;
  if (!last) return;
  setQuery(NOTHING);
  before.value = null;
  draft.value = last;
}

/** "Table 3" and what belongs to it. */
function groups(catalog: Catalog): [string, Preset[]][] {
  const found = new Map<string, Preset[]>();
  for (const preset of presets(catalog)) {
    const table = /^table(\d+)_/.exec(preset.name)?.[1];
    const group = table ? `Table ${table} of the paper` : "Others";
    found.set(group, [...(found.get(group) ?? []), preset]);
  }
  return [...found].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
}

function Import() {
  const read = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (!file) return;
    const { spec, problem } = understood(await file.text());
    if (spec) {
      setQuery(NOTHING);
      start(spec, `file:${file.name}`);
      say(`${file.name} is read.`);
    } else say(`${file.name}: ${problem}`, true);
    input.value = "";
  };
  return (
    <label class="row small">
      or a file
      <input type="file" accept=".yaml,.yml,.json" onChange={(event) => void read(event.currentTarget)} />
    </label>
  );
}

function Said({ problem }: { problem: string | null }) {
  if (problem) return <p class="errors small" role="alert">Nothing was copied: {problem}</p>;
  const { from, spec } = draft.value;
  const name = from.slice(from.indexOf(":") + 1);
  if (from.startsWith("job:")) return <p class="small" role="status">A copy of <a href={`#/jobs/${name}`}>{String(spec.name || name)}</a>: change what you like; the job itself stays as it is.</p>;
  if (from.startsWith("study:")) return <p class="small" role="status">What <a href={`#/studies/${name}`}>a study</a> has found: change what you like.</p>;
  if (from.startsWith("preset:")) return <p class="small" role="status">Made from the preset <code>{name}</code>.</p>;
  if (from.startsWith("file:")) return <p class="small" role="status">Read from <code>{name}</code>.</p>;
  return null;
}
