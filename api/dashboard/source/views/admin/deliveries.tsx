// What a webhook was told and is to be told, newest first.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Empty, Failure, Loading } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { get, send } from "../../service/http";
import { type Page, useGrowing } from "../../service/pages";
import type { Delivery, Webhook } from "../../service/types";

const PAGE = 50;
const PAUSE_MILLISECONDS = 300;
const TRIES = 40;
/** Counts the tests sent from this page, after each of which the list is read again. */
const tests = signal(0);

/** Sends the event `test`, and waits for how it went. */
export async function tried(webhook: Webhook): Promise<string> {
  const address = `/v1/webhooks/${webhook.id}`;
  const sent = await send<Delivery>("POST", `${address}/test`);
  for (let n = 0; n < TRIES; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    const newest = (await get<Page<Delivery>>(`${address}/deliveries?limit=20`)).items.find((each) => each.id === sent.id);
    if (!newest?.attempts) continue;
    tests.value += 1;
    if (newest.state === "delivered") return `The test is delivered: it answered ${newest.last_status}.`;
    throw new Error(`The test is not delivered: ${newest.message}`);
  }
  tests.value += 1;
  return "The test is sent; how it went will stand among the deliveries.";
}

export function Deliveries({ webhook }: { webhook: Webhook }) {
  const [wanted, setWanted] = useState(PAGE);
  const read = useGrowing<Delivery>(`/v1/webhooks/${webhook.id}/deliveries?limit=${PAGE}`, wanted, (each) => each.id, (event) => event.event === "end");
  useEffect(() => read.refresh(), [tests.value]);
  const items = read.value?.items ?? [];
  return (
    <section class="panel">
      <div class="row spread">
        <h2>Deliveries to <span class="url">{webhook.url}</span></h2>
        <button type="button" onClick={read.refresh}>Read again</button>
      </div>
      {!read.value && read.error && <Failure error={read.error} what="The list of deliveries" again={read.refresh} />}
      {!read.value && !read.error && <Loading what="the deliveries" />}
      {read.value && !items.length && <Empty>It has been told nothing yet. Test sends it an event of its own.</Empty>}
      {items.length > 0 && (
        <Table
          caption="Deliveries, newest first" columns={COLUMNS} rows={items} rowKey={(each) => each.id}
          onEnd={read.value?.more && !read.loading ? () => setWanted(items.length + PAGE) : undefined}
        />
      )}
    </section>
  );
}

const STATES: Record<Delivery["state"], [string, string, string]> = {
  pending: ["queued", "…", "waits"],
  delivered: ["succeeded", "✓", "delivered"],
  given_up: ["failed", "✕", "given up"],
};

function State({ state, attempts }: { state: Delivery["state"]; attempts: number }) {
  const [colour, sign, words] = STATES[state];
  return <span class={`state ${colour}`}><span aria-hidden="true">{sign}</span> {state === "pending" && attempts ? "tried again" : words}</span>;
}

/** What it is about, with a link. */
function Subject({ delivery }: { delivery: Delivery }) {
  if (delivery.run) return <a href={`#/runs/${delivery.run}`}>run</a>;
  if (delivery.job) return <a href={`#/jobs/${delivery.job}`}>job</a>;
  return <>–</>;
}

const COLUMNS: Column<Delivery>[] = [
  { key: "at", title: "When", cell: (each) => <Time at={each.created_at} /> },
  { key: "event", title: "Event", cell: (each) => each.event },
  { key: "about", title: "About", cell: (each) => <Subject delivery={each} /> },
  { key: "state", title: "State", cell: (each) => <State state={each.state} attempts={each.attempts} /> },
  { key: "attempts", title: "Attempts", number: true, cell: (each) => each.attempts },
  { key: "status", title: "Answer", number: true, hint: "Status of the last answer", cell: (each) => each.last_status ?? "–" },
  { key: "message", title: "Why not", wide: true, cell: (each) => each.message ?? "" },
  { key: "next", title: "Next attempt", cell: (each) => (each.next_attempt_at ? new Date(each.next_attempt_at).toLocaleString() : "–") },
];
