// What stands around every view: where one can go, whether the service answers, the scheme.
import { useEffect } from "preact/hooks";
import { apiKey, connection, keyWanted, useKey } from "../service/http";
import { liveness } from "../service/live";
import { path } from "./address";
import { KeyDialog } from "./key_dialog";
import { Help, showHelp } from "./keyboard";
import { Confirmation } from "../parts/dialog";
import { Notices } from "./notices";
import { type Choice, choice } from "./theme";
import { viewOf } from "./views";

const PLACES: [string, string][] = [
  ["/", "Jobs"],
  ["/studies", "Studies"],
  ["/submit", "Submit"],
  ["/datasets", "Data sets"],
  ["/methods", "Methods"],
  ["/theory", "Theory"],
  ["/workers", "Workers"],
  ["/admin", "Administration"],
];

export function Shell() {
  const view = viewOf(path.value);
  useEffect(() => {
    document.title = `${view.title} · LPL`;
    document.getElementById("content")?.focus({ preventScroll: true });
  }, [path.value]);
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>Skip to content</a>
      <header class="top">
        <a class="brand" href="#/">
          <img src="assets/favicon.svg" alt="" width="22" height="22" />
          LPL
        </a>
        <nav aria-label="Pages">
          {PLACES.map(([place, title]) => (
            <a key={place} href={`#${place}`} aria-current={view.place === place ? "page" : undefined}>{title}</a>
          ))}
          <a href="docs">HTTP interface</a>
        </nav>
        <Tools />
      </header>
      <Connection />
      <main id="content" tabIndex={-1}>
        <view.View key={path.value} {...view.parameters} />
      </main>
      <footer class="quiet small">Times are in this browser's zone ({Intl.DateTimeFormat().resolvedOptions().timeZone}); the service keeps UTC.</footer>
      <Notices />
      <KeyDialog />
      <Confirmation />
      <Help />
    </>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function Tools() {
  return (
    <div class="tools">
      <span class={`live ${liveness.value}`} title={liveness.value === "stream" ? "What happens shows at once: one event stream for all tabs" : "The event stream is not open: the page asks every few seconds"}>
        {liveness.value === "stream" ? "live" : "polling"}
      </span>
      <label>
        <span class="hidden">Colour scheme</span>
        <select value={choice.value} onChange={(event) => (choice.value = event.currentTarget.value as Choice)}>
          <option value="system">System</option>
          <option value="light">Light</option>
          <option value="dark">Dark</option>
        </select>
      </label>
      <button type="button" onClick={() => (apiKey() ? useKey(null, false) : (keyWanted.value = true))}>{apiKey() ? "Forget key" : "Key"}</button>
      <button type="button" aria-label="Keyboard help" title="Keyboard help (?)" onClick={showHelp}>?</button>
    </div>
  );
}

/** Said while the service is away; everything on the page stays, and is read again when it is back. */
function Connection() {
  const { away } = connection.value;
  return (
    <div role="status" aria-live="polite">
      {away && <p class="away">{away} What is shown may be out of date; the page tries again by itself.</p>}
    </div>
  );
}
