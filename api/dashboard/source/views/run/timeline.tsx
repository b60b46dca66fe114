// What has happened to a run, newest first, each with its reason.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { reasonWords } from "../../parts/reasons";
import { Shown } from "../../parts/states";
import { Time } from "../../parts/time";
import { get } from "../../service/http";
import { useReading } from "../../service/resource";
import type { History, HistoryEntry, Run } from "../../service/types";
import { ofRun } from "./run_data";

const PAGE = 100;

interface Step {
  key: number;
  at: string;
  sign: string;
  look: string;
  text: string;
  detail?: string;
}

async function readHistory(run: string, wanted: number, signal: AbortSignal): Promise<History> {
  const items: HistoryEntry[] = [];
  let next: string | null = null;
  do {
    const from: string = next ? `&cursor=${encodeURIComponent(next)}` : "";
    const page: History = await get<History>(`/v1/runs/${run}/history?limit=${PAGE}${from}`, signal);
    items.push(...page.items);
    next = page.next ?? null;
  } while (next && items.length < wanted);
  return { items, next };
}

export function Timeline({ run }: { run: Run }) {
  const [wanted, setWanted] = useState(PAGE);
  useEffect(() => setWanted(PAGE), [run.id]);
  const history = useReading(`${run.id} history ${wanted}`, (signal) => readHistory(run.id, wanted, signal), { about: ofRun(run.id, "state", "checkpoint", "rewind"), keep: true });
  return (
    <section class="panel">
      <h2>History</h2>
      <Shown of={history} what="The history">
        {(value) => (
          <>
            <ol class="timeline" tabIndex={0} aria-label="What has happened, newest first">
              {steps(value.items).map((step) => <Item key={step.key} at={step.at} sign={step.sign} look={step.look}>{step.text}{step.detail && <span class="quiet"> {step.detail}</span>}</Item>)}
              {!value.next && <Item at={run.created_at} sign="…" look="queued">{run.retry_of ? "Made in place of an earlier run; waits for a worker" : "Submitted; waits for a worker"}</Item>}
            </ol>
            {value.next && <button type="button" onClick={() => setWanted(value.items.length + PAGE)}>Earlier</button>}
          </>
        )}
      </Shown>
    </section>
  );
}

function Item({ at, sign, look, children }: { at: string; sign: string; look: string; children: ComponentChildren }) {
  return (
    <li>
      <span class={look} aria-hidden="true">{sign}</span>
      <span>{children}</span>
      <span class="quiet small"><Time at={at} /></span>
    </li>
  );
}

/** Entries in words; checkpoints that follow each other stand in one line. */
function steps(entries: HistoryEntry[]): Step[] {
  const found: Step[] = [];
  let group: HistoryEntry[] = [];
  const close = () => {
    if (group.length) found.push(checkpoints(group));
    group = [];
  };
  for (const entry of entries) {
    if (entry.kind === "checkpoint") {
      group.push(entry);
      continue;
    }
    close();
    found.push(entry.kind === "rewind" ? rewound(entry) : moved(entry));
  }
  close();
  return found;
}

function checkpoints(group: HistoryEntry[]): Step {
  const [newest, oldest] = [group[0]!, group.at(-1)!];
  const kinds = [...new Set(group.map((each) => String(each.data.kind)))].join(", ");
  const text = group.length === 1 ? `Checkpoint at epoch ${newest.data.epoch}` : `${group.length} checkpoints, epochs ${oldest.data.epoch} to ${newest.data.epoch}`;
  return { key: newest.id, at: newest.created_at, sign: "⚑", look: "quiet", text, detail: `(${kinds})` };
}

const rewound = (entry: HistoryEntry): Step => ({
  key: entry.id, at: entry.created_at, sign: "↺", look: "paused",
  text: entry.data.epoch ? `Goes on from the checkpoint of epoch ${entry.data.epoch}; what came later was taken back` : "Begins anew: there was no checkpoint to go on from",
});

const SIGNS: Record<string, string> = { succeeded: "✓", failed: "✕", running: "▶", queued: "…", paused: "⏸", cancelled: "⊘" };
const WORDS: Record<string, string> = { queued: "Back in the queue", paused: "Paused", succeeded: "Succeeded", failed: "Failed", cancelled: "Cancelled" };

function moved(entry: HistoryEntry): Step {
  const { state, requested, reason, message, attempt } = entry.data as Record<string, string | null>;
  const asked = state === "running" && requested;
  const text = asked ? `${requested[0]?.toUpperCase()}${requested.slice(1)} requested` : state === "running" ? `Started, attempt ${attempt}` : (WORDS[state ?? ""] ?? String(state));
  const why = [reason && reasonWords(reason), message].filter(Boolean).join(": ");
  return { key: entry.id, at: entry.created_at, sign: SIGNS[state ?? ""] ?? "•", look: state ?? "", text: `${text}${why ? `: ${why}` : ""}` };
}
