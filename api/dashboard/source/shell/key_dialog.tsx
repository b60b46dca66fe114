// Asks for the API key when the service does.
import { useState } from "preact/hooks";
import { Dialog } from "../parts/dialog";
import { apiKey, keyWanted, useKey } from "../service/http";

export function KeyDialog() {
  const [key, setKey] = useState("");
  const [keep, setKeep] = useState(false);
  const before = apiKey();
  return (
    <Dialog title="API key" open={keyWanted.value} onClose={() => (keyWanted.value = false)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          useKey(key.trim(), keep);
          setKey("");
        }}
      >
        <p>{before ? "The service does not accept this key any more: it was revoked, or it is another service's." : "This service asks for an API key."} An administrator makes one with <code>lpl key create</code>.</p>
        <label class="field">
          Key
          <input type="password" autocomplete="off" required value={key} onInput={(event) => setKey(event.currentTarget.value)} />
        </label>
        <label class="check">
          <input type="checkbox" checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} /> Keep it in this browser after the tab is closed
        </label>
        <div class="row end">
          <button type="submit" class="primary">Use this key</button>
        </div>
      </form>
    </Dialog>
  );
}
