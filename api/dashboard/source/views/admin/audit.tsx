// Who asked for what that may change something, newest first.
import { useEffect, useState } from "preact/hooks";
import { Failure, Loading, Empty } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import { Time } from "../../parts/time";
import { useGrowing } from "../../service/pages";
import type { AuditLine } from "../../service/types";
import { query, setQuery, to } from "../../shell/address";
import { Forbidden, isForbidden } from "./forbidden";

const PAGE = 100;
const METHODS = ["POST", "PATCH", "DELETE", "lpl", "*"];
const NAMES = ["key", "method", "path", "refused"];

function question(): string {
  const asked = new URLSearchParams();
  for (const name of NAMES) {
    const value = query.value.get(name);
    if (value) asked.set(name, value);
  }
  return asked.toString();
}

const keyOf = (line: AuditLine) => `${line.at} ${line.method} ${line.path}`;

export function Audit() {
  const asked = question();
  const [wanted, setWanted] = useState(PAGE);
  useEffect(() => setWanted(PAGE), [asked]);
  const read = useGrowing<AuditLine>(`/v1/audit?limit=${PAGE}${asked && `&${asked}`}`, wanted, keyOf);
  if (isForbidden(read.error)) return <Forbidden what="The audit log" />;
  const lines = read.value?.items ?? [];
  return (
    <section class="panel">
      <div class="row spread">
        <h2>Audit log</h2>
        <button type="button" onClick={read.refresh}>Read again</button>
      </div>
      <Filters filtered={asked !== ""} />
      {!read.value && read.error && <Failure error={read.error} what="The audit log" again={read.refresh} />}
      {!read.value && !read.error && <Loading what="the audit log" />}
      {read.value && !lines.length && <Empty>{asked ? "No line matches these filters." : "Nothing has been changed yet."}</Empty>}
      {lines.length > 0 && (
        <Table
          caption="Requests that may have changed something, newest first" columns={COLUMNS} rows={lines.map((line, at) => ({ line, at }))}
          rowKey={(row) => String(row.at)} onEnd={read.value?.more && !read.loading ? () => setWanted(lines.length + PAGE) : undefined}
        />
      )}
    </section>
  );
}

function Filters({ filtered }: { filtered: boolean }) {
  const text = (name: string, title: string, search = false) => (
    <label class="field">
      {title}
      <input type="search" value={query.value.get(name) ?? ""} data-search={search || undefined} onChange={(event) => setQuery({ [name]: event.currentTarget.value.trim() })} />
    </label>
  );
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      {text("path", "Path holds", true)}
      {text("key", "Key (name or identifier)")}
      <label class="field">
        Method
        <select value={query.value.get("method") ?? ""} onChange={(event) => setQuery({ method: event.currentTarget.value })}>
          <option value="">all</option>
          {METHODS.map((each) => <option key={each} value={each}>{METHOD_WORDS[each] ?? each}</option>)}
        </select>
      </label>
      <label class="check">
        <input type="checkbox" checked={query.value.get("refused") !== null} onChange={(event) => setQuery({ refused: event.currentTarget.checked ? "true" : null })} /> refused only
      </label>
      {filtered && <a href={to("/admin", { tab: "audit" })}>Clear</a>}
    </form>
  );
}

const METHOD_WORDS: Record<string, string> = { lpl: "command at the machine", "*": "refusals that were counted" };

interface Row {
  line: AuditLine;
  at: number;
}

const COLUMNS: Column<Row>[] = [
  { key: "at", title: "When", cell: ({ line }) => <Time at={line.at} /> },
  { key: "who", title: "Key", cell: ({ line }) => (line.key ? <span title={line.key}>{line.key_name}</span> : <span class="quiet">none</span>) },
  { key: "method", title: "Method", cell: ({ line }) => line.method },
  { key: "path", title: "What", wide: true, cell: ({ line }) => <Path line={line} /> },
  { key: "status", title: "Answer", number: true, cell: ({ line }) => <span class={line.status >= 400 ? "failed" : undefined}>{line.status}{line.status >= 400 ? " refused" : ""}</span> },
  { key: "address", title: "From", cell: ({ line }) => line.address ?? "–" },
];

/** What was changed, with a link where there is a page of it. */
function Path({ line }: { line: AuditLine }) {
  const place = /^\/v1(\/(?:jobs\/j_|runs\/r_)\w+)/.exec(line.path)?.[1];
  return <code>{place && line.method !== "DELETE" ? <a href={`#${place}`}>{line.path}</a> : line.path}</code>;
}
