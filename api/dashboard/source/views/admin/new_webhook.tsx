// Adds a webhook; its secret is shown once.
import { useState } from "preact/hooks";
import { Action } from "../../parts/action";
import { Problem, send } from "../../service/http";
import type { Webhook, WebhookEvent } from "../../service/types";
import { Secret } from "./secret";

const EVENTS: [WebhookEvent, string][] = [
  ["job.succeeded", "every run of a job has succeeded"],
  ["job.failed", "a job has ended, and runs of it failed"],
  ["job.cancelled", "a job was cancelled"],
  ["run.failed", "a run has failed, while others may go on"],
];
const ENDS: WebhookEvent[] = ["job.succeeded", "job.failed", "job.cancelled"];

export function NewWebhook({ added }: { added: () => void }) {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState(ENDS);
  const [fresh, setFresh] = useState<Webhook | null>(null);
  const [error, setError] = useState<Error | null>(null);
  async function add(): Promise<string | void> {
    setError(null);
    try {
      setFresh(await send<Webhook>("POST", "/v1/webhooks", { url: url.trim(), events }));
      setUrl("");
      added();
      return "The webhook is added.";
    } catch (problem) {
      setError(problem as Error);
    }
  }
  const choose = (event: WebhookEvent, chosen: boolean) => setEvents(EVENTS.map(([each]) => each).filter((each) => (each === event ? chosen : events.includes(each))));
  if (fresh) {
    return (
      <Secret name={fresh.url} label="The webhook's secret" secret={fresh.secret ?? ""} kept="the service keeps it to sign with." done={() => setFresh(null)}>
        Every delivery carries <code>Lpl-Signature: sha256=</code> and the HMAC of its body under this secret.
      </Secret>
    );
  }
  return (
    <form class="stack" onSubmit={(event) => event.preventDefault()}>
      <label class={error ? "field wrong" : "field"}>
        Address that is told
        <input type="url" value={url} maxLength={2000} placeholder="https://hooks.example.org/lpl" aria-describedby={error ? "webhook-error" : undefined} onInput={(event) => setUrl(event.currentTarget.value)} />
      </label>
      {error && <p id="webhook-error" class="errors small" role="alert">{error instanceof Problem && error.errors.length ? error.errors.map((each) => each.message).join("; ") : error.message}</p>}
      <fieldset class="stack">
        <legend class="small quiet">When</legend>
        {EVENTS.map(([each, words]) => (
          <label key={each} class="check">
            <input type="checkbox" checked={events.includes(each)} onChange={(event) => choose(each, event.currentTarget.checked)} />
            <span><strong>{each}</strong>: {words}</span>
          </label>
        ))}
      </fieldset>
      <div class="row end"><Action primary act={add} disabled={!url.trim() || !events.length}>Add the webhook</Action></div>
    </form>
  );
}
