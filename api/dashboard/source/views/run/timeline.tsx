// What has happened to a run, newest first, each with its reason.
import type { ComponentChildren } from "preact";
import { reasonWords } from "../../parts/reasons";
import { SIGNS } from "../../parts/run_states";
import { Shown } from "../../parts/states";
import { Time } from "../../parts/time";
import { get } from "../../service/http";
import { useReading } from "../../service/resource";
import type { History, HistoryEntry, Run } from "../../service/types";
import { ofRun } from "./run_data";

const MOST = 200;

interface Step {
  key: number;
  at: string;
  sign: string;
  look: string;
  text: string;
  detail?: string;
}

interface Told {
  entries: HistoryEntry[];
  /** Whether there are older entries of either kind than those read. */
  more: { states: boolean; checkpoints: boolean };
}

/** States and checkpoints apart: a run may have thousands of checkpoints between two states. */
async function readHistory(run: string, signal: AbortSignal): Promise<Told> {
  const page = (kinds: string) => get<History>(`/v1/runs/${run}/history?limit=${MOST}${kinds}`, signal);
  const [states, checkpoints] = await Promise.all([page("&kind=state&kind=rewind"), page("&kind=checkpoint")]);
  const entries = [...states.items, ...checkpoints.items].sort((a, b) => b.id - a.id);
  return { entries, more: { states: states.next !== null, checkpoints: checkpoints.next !== null } };
}

export function Timeline({ run }: { run: Run }) {
  const history = useReading(`${run.id} history`, (signal) => readHistory(run.id, signal), { about: ofRun(run.id, "state", "checkpoint", "rewind"), keep: true });
  return (
    <section class="panel">
      <h2>History</h2>
      <Shown of={history} what="The history">
        {({ entries, more }) => (
          <>
            <ol class="timeline" tabIndex={0} aria-label="What has happened, newest first">
              {steps(entries).map((step) => <Item key={step.key} at={step.at} sign={step.sign} look={step.look}>{step.text}{step.detail && <span class="quiet"> {step.detail}</span>}</Item>)}
              {!more.states && <Item at={run.created_at} sign="…" look="queued">{run.retry_of ? "Made in place of an earlier run; waits for a worker" : "Submitted; waits for a worker"}</Item>}
            </ol>
            {(more.states || more.checkpoints) && <p class="quiet small">The newest {MOST} {more.states ? "changes" : "checkpoints"}; there were earlier ones.</p>}
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

const WORDS: Record<string, string> = { queued: "Back in the queue", paused: "Paused", succeeded: "Succeeded", failed: "Failed", cancelled: "Cancelled" };

function moved(entry: HistoryEntry): Step {
  const { state, requested, reason, message, attempt } = entry.data as Record<string, string | null>;
  const asked = state === "running" && requested;
  const text = asked ? `${requested[0]?.toUpperCase()}${requested.slice(1)} requested` : state === "running" ? `Started, attempt ${attempt}` : (WORDS[state ?? ""] ?? String(state));
  const why = [reason && reasonWords(reason), message].filter(Boolean).join(": ");
  return { key: entry.id, at: entry.created_at, sign: SIGNS[state ?? ""] ?? "•", look: state ?? "", text: `${text}${why ? `: ${why}` : ""}` };
}
