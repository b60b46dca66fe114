// Keys that work on every page, and the list of them.
import { signal } from "@preact/signals";
import { Dialog } from "../parts/dialog";
import { go } from "./address";

const helpShown = signal(false);
export const showHelp = () => (helpShown.value = true);

const KEYS: [string, string][] = [
  ["/", "to the search field of the page"],
  ["?", "this list"],
  ["g then j, u, s, d, m, t, w, a", "go to Jobs, Studies, Submit, Data sets, Methods, Theory, Workers, Administration"],
  ["Tab, Shift+Tab", "to the next and previous control"],
  ["Enter, Space", "follow a link, press a button, choose a row"],
  ["← →", "one epoch back or on, where an epoch is chosen"],
  ["Esc", "close what is open"],
];
const PLACES: Record<string, string> = { j: "#/", u: "#/studies", s: "#/submit", d: "#/datasets", m: "#/methods", t: "#/theory", w: "#/workers", a: "#/admin" };
let goingUntil = 0;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function hearKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    const place = Date.now() < goingUntil ? PLACES[event.key] : undefined;
    goingUntil = event.key === "g" ? Date.now() + 1500 : 0;
    if (place) go(place);
    else if (event.key === "?") showHelp();
    else if (event.key === "/") document.querySelector<HTMLElement>("main [data-search]")?.focus();
    else return;
    event.preventDefault();
  });
}

export function Help() {
  return (
    <Dialog title="Keyboard" open={helpShown.value} onClose={() => (helpShown.value = false)}>
      <dl class="keys">
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt><kbd>{key}</kbd></dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
