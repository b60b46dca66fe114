// API keys: what there are, a new one, and an end to one.
import { useState } from "preact/hooks";
import { Action } from "../../parts/action";
import { Tag } from "../../parts/badges";
import { Empty, Shown } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { send } from "../../service/http";
import { readAll } from "../../service/pages";
import { useReading } from "../../service/resource";
import type { Key } from "../../service/types";
import { to } from "../../shell/address";
import { Forbidden, isForbidden } from "./forbidden";
import { NewKey } from "./new_key";

export function Keys() {
  const keys = useReading("keys", (signal) => readAll<Key>("/v1/keys?limit=1000", signal));
  const [revokedShown, showRevoked] = useState(false);
  if (isForbidden(keys.error)) return <Forbidden what="The list of keys" />;
  return (
    <div class="sides">
      <section class="panel">
        <h2>Make a key</h2>
        <NewKey first={keys.value?.length === 0} made={keys.refresh} />
      </section>
      <section class="panel">
        <Shown of={keys} what="The list of keys">
          {(value) => (
            <>
              <div class="row spread">
                <h2>Keys</h2>
                {value.some((key) => key.revoked_at) && <label class="check"><input type="checkbox" checked={revokedShown} onChange={(event) => showRevoked(event.currentTarget.checked)} /> revoked ones too</label>}
              </div>
              {value.length ? <List keys={value.filter((key) => revokedShown || !key.revoked_at)} refresh={keys.refresh} /> : <Open />}
            </>
          )}
        </Shown>
      </section>
    </div>
  );
}

function Open() {
  return (
    <Empty>
      <p><strong>This service is open:</strong> it listens on this machine only, and whoever reaches this address may do everything, without a key.</p>
      <p>The first key makes keys necessary, for good. Make it with the scope <code>admin</code>, here or by <code>lpl key create NAME</code> at the machine. On any other address than this machine's own (<code>LPL_HOST</code>) keys are always required.</p>
    </Empty>
  );
}

function List({ keys, refresh }: { keys: Key[]; refresh: () => void }) {
  const revoke = (key: Key) => async () => {
    await send("DELETE", `/v1/keys/${key.id}`);
    refresh();
    return `${key.name} is revoked.`;
  };
  const sure = (key: Key) => ({ title: "Revoke the key", text: `Whoever uses ${key.name} is refused from now on, streams that are open included. This cannot be undone.`, yes: "Revoke it" });
  const columns: Column<Key>[] = [
    { key: "name", title: "Name", wide: true, cell: (key) => key.name },
    { key: "scopes", title: "Scopes", cell: (key) => <span class="chips">{key.scopes.map((scope) => <Tag key={scope}>{scope}</Tag>)}</span> },
    { key: "created", title: "Made", cell: (key) => <Time at={key.created_at} /> },
    { key: "used", title: "Last used", hint: "Written down about once a minute", cell: (key) => (key.last_used_at ? <Time at={key.last_used_at} /> : "never") },
    { key: "state", title: "State", cell: (key) => (key.revoked_at ? <span class="state failed"><span aria-hidden="true">✕</span> revoked <Time at={key.revoked_at} /></span> : <span class="state succeeded"><span aria-hidden="true">✓</span> valid</span>) },
    { key: "audit", title: "", cell: (key) => <a href={to("/admin", { tab: "audit", key: key.id })}>what it did</a> },
    { key: "revoke", title: "", cell: (key) => !key.revoked_at && <Action act={revoke(key)} ask={sure(key)}>Revoke</Action> },
  ];
  return <Table caption="Keys" columns={columns} rows={keys} rowKey={(key) => key.id} rowHeight={43} />;
}
