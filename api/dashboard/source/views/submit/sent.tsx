// Exactly what is sent, as others would send it: a file, curl, Python, the command line.
import { useMemo } from "preact/hooks";
import { stringify } from "yaml";
import { located } from "../../service/http";
import { say } from "../../shell/notices";
import { query, setQuery } from "../../shell/address";
import { Action } from "../../parts/action";
import { draft } from "./draft";
import type { Fields, Value } from "./paths";

/** YAML that readers of 1.1 and of 1.2 understand alike: what either takes for something else is quoted. */
export const yaml = (spec: Fields): string => stringify(spec, { version: "1.1", lineWidth: 0 });

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const service = () => located("/").replace(/\/$/, "");

function curl(spec: Fields, key: string): string {
  return `curl -X POST ${quoted(`${service()}/v1/jobs`)} \\
  -H "Authorization: Bearer $LPL_API_KEY" \\
  -H 'Content-Type: application/json' \\
  -H 'Idempotency-Key: ${key}' \\
  -d ${quoted(JSON.stringify(spec, null, 1))}`;
}

export function python(value: Value, indent = ""): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object") return String(value);
  const inner = `${indent}    `;
  if (Array.isArray(value)) {
    const items = value.map((item) => python(item, inner));
    return items.join(", ").length < 70 ? `[${items.join(", ")}]` : `[\n${items.map((item) => inner + item).join(",\n")},\n${indent}]`;
  }
  const items = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${python(item, inner)}`);
  const line = `{${items.join(", ")}}`;
  return line.length < 70 && !line.includes("\n") ? line : `{\n${items.map((item) => inner + item).join(",\n")},\n${indent}}`;
}

const program = (spec: Fields, key: string) => `from client import Client

spec = ${python(spec)}
with Client(${JSON.stringify(service())}) as client:  # the key is LPL_API_KEY
    job = client.submit(spec, idempotency_key=${JSON.stringify(key)})
    print(client.wait(job).summary)`;

const command = (spec: Fields) => `lpl --url ${quoted(service())} submit - <<'END_OF_SPEC'
${yaml(spec)}END_OF_SPEC`;

const KINDS: Record<string, [string, (spec: Fields, key: string) => string]> = { yaml: ["YAML", yaml], curl: ["curl", curl], python: ["Python", program], lpl: ["lpl", command] };

export function Sent() {
  const { spec, key } = draft.value;
  const chosen = query.value.get("as") ?? "yaml";
  const kind = chosen in KINDS ? chosen : "yaml";
  const [title, write] = KINDS[kind] as [string, (spec: Fields, key: string) => string];
  const text = useMemo(() => write(spec, key), [spec, key, kind]);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    say(`Copied as ${title}.`);
  };
  return (
    <section class="panel" aria-labelledby="sent-title">
      <div class="row spread">
        <h2 id="sent-title">What is sent</h2>
        {/* A page that is not served over TLS or from this machine has no clipboard. */}
        {navigator.clipboard && <Action act={copy}>Copy</Action>}
      </div>
      <div class="row kinds" role="group" aria-label="As">
        {Object.entries(KINDS).map(([name, [shown]]) => (
          <button key={name} type="button" aria-pressed={name === kind} onClick={() => setQuery({ as: name === "yaml" ? null : name })}>{shown}</button>
        ))}
      </div>
      <pre tabIndex={0} aria-label={`What is sent, as ${title}`}>{text}</pre>
    </section>
  );
}
