// Webhooks: who is told when jobs end, a new one, and an end to one.
import { Action } from "../../parts/action";
import { Tag } from "../../parts/badges";
import { Empty, Shown } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { send } from "../../service/http";
import { readAll } from "../../service/pages";
import { useReading } from "../../service/resource";
import type { Webhook } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { Deliveries, tried } from "./deliveries";
import { Forbidden, isForbidden } from "./forbidden";
import { NewWebhook } from "./new_webhook";

export function Webhooks() {
  const webhooks = useReading("webhooks", (signal) => readAll<Webhook>("/v1/webhooks?limit=100", signal));
  if (isForbidden(webhooks.error)) return <Forbidden what="The list of webhooks" />;
  const chosen = webhooks.value?.find((each) => each.id === query.value.get("webhook"));
  return (
    <>
      <div class="sides">
        <section class="panel">
          <h2>Add a webhook</h2>
          <NewWebhook added={webhooks.refresh} />
        </section>
        <section class="panel">
          <h2>Webhooks</h2>
          <Shown of={webhooks} what="The list of webhooks">
            {(value) => (value.length ? <List webhooks={value} refresh={webhooks.refresh} /> : <Empty>Nobody is told of anything: a webhook lets the service tell another program when a job ends.</Empty>)}
          </Shown>
        </section>
      </div>
      {chosen && <Deliveries key={chosen.id} webhook={chosen} />}
    </>
  );
}

function List({ webhooks, refresh }: { webhooks: Webhook[]; refresh: () => void }) {
  const remove = (webhook: Webhook) => async () => {
    await send("DELETE", `/v1/webhooks/${webhook.id}`);
    refresh();
    return `${webhook.url} is told nothing more.`;
  };
  const chosen = query.value.get("webhook");
  const show = (webhook: Webhook | null) => setQuery({ webhook: webhook?.id ?? null });
  const test = (webhook: Webhook) => async () => {
    show(webhook);
    return tried(webhook);
  };
  const sure = (webhook: Webhook) => ({ title: "Delete the webhook", text: `${webhook.url} is told nothing more, and what it was told is forgotten.`, yes: "Delete it" });
  const columns: Column<Webhook>[] = [
    { key: "url", title: "Address", wide: true, cell: (webhook) => <span class="url">{webhook.url}</span> },
    { key: "events", title: "Events", cell: (webhook) => <span class="chips">{webhook.events.map((event) => <Tag key={event}>{event}</Tag>)}</span> },
    { key: "created", title: "Added", cell: (webhook) => <Time at={webhook.created_at} /> },
    { key: "test", title: "", cell: (webhook) => <Action act={test(webhook)} title="Send the event test now">Test</Action> },
    { key: "deliveries", title: "", cell: (webhook) => <button type="button" aria-pressed={webhook.id === chosen} onClick={() => show(webhook.id === chosen ? null : webhook)}>Deliveries</button> },
    { key: "delete", title: "", cell: (webhook) => <Action act={remove(webhook)} ask={sure(webhook)}>Delete</Action> },
  ];
  return <Table caption="Webhooks" columns={columns} rows={webhooks} rowKey={(webhook) => webhook.id} />;
}
