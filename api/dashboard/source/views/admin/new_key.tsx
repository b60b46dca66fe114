// Makes a key; its secret is shown once.
import { useState } from "preact/hooks";
import { Action } from "../../parts/action";
import { Problem, send, useKey } from "../../service/http";
import type { Key } from "../../service/types";
import { Secret } from "./secret";

const SCOPES: [string, string][] = [
  ["read", "see everything but keys and the audit log"],
  ["submit", "read, and submit, change and delete jobs and data sets"],
  ["admin", "all of it, and keys and the audit log"],
];

export function NewKey({ first, made }: { first: boolean; made: () => void }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState("submit");
  const [key, setKey] = useState<Key | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const wanted = first ? "admin" : scope;
  async function make(): Promise<string | void> {
    setError(null);
    try {
      const fresh = await send<Key>("POST", "/v1/keys", { name: name.trim(), scopes: [wanted] });
      setKey(fresh);
      setName("");
      if (first && fresh.secret) useKey(fresh.secret, false); // from here on this page needs one
      made();
      return `${fresh.name} is made.`;
    } catch (problem) {
      setError(problem as Error);
    }
  }
  if (key) {
    return (
      <Secret name={key.name} label="The key's secret" secret={key.secret ?? ""} kept="the service keeps only its hash." done={() => setKey(null)}>
        Programs send it as <code>Authorization: Bearer …</code>; the command line reads <code>LPL_API_KEY</code>.
        {key.scopes.includes("admin") && first && " This tab uses it until it is closed: keep it somewhere safe."}
      </Secret>
    );
  }
  return (
    <form class="stack" onSubmit={(event) => event.preventDefault()}>
      <label class={error ? "field wrong" : "field"}>
        Name: what it is for
        <input value={name} maxLength={100} aria-describedby={error ? "key-error" : undefined} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      {error && <p id="key-error" class="errors small" role="alert">{error instanceof Problem && error.errors.length ? error.errors.map((each) => each.message).join("; ") : error.message}</p>}
      <fieldset class="stack" disabled={first}>
        <legend class="small quiet">What it may do</legend>
        {SCOPES.map(([each, words]) => (
          <label key={each} class="check">
            <input type="radio" name="scope" value={each} checked={wanted === each} onChange={() => setScope(each)} />
            <span><strong>{each}</strong>: {words}</span>
          </label>
        ))}
      </fieldset>
      {first && <p class="small">The first key makes keys necessary for everybody, for good, so it gets the scope admin. This page goes on with it.</p>}
      <div class="row end"><Action primary act={make} disabled={!name.trim()}>Make the key</Action></div>
    </form>
  );
}
