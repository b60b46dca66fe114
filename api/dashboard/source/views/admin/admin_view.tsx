// For administrators: keys, who is told of what, and who changed what.
import { Tabs } from "../../parts/tabs";
import { query } from "../../shell/address";
import { Audit } from "./audit";
import { Keys } from "./keys";
import { Webhooks } from "./webhooks";

const TABS = [
  { key: "keys", title: "Keys" },
  { key: "webhooks", title: "Webhooks" },
  { key: "audit", title: "Audit log" },
];

export default function AdminView() {
  const tab = query.value.get("tab") ?? "keys";
  return (
    <>
      <h1>Administration</h1>
      <Tabs tabs={TABS} chosen={tab} />
      {tab === "audit" ? <Audit /> : tab === "webhooks" ? <Webhooks /> : <Keys />}
    </>
  );
}
