// What happens, as it happens: from the stream that all tabs share, else by asking now and then.
import { signal } from "@preact/signals";
import { apiKey, keyVersion, located } from "./http";
import type { FromWorker, LiveEvent } from "./live_worker";

/** `stream`: events arrive; `polling`: this page asks instead. */
export const liveness = signal<"stream" | "polling">("polling");
/** How many tabs of this service are visible: they share one allowance of requests. */
export const tabs = signal(1);

export type Listener = (events: LiveEvent[]) => void;

const POLL_MILLISECONDS = 5000;
const listeners = new Set<Listener>();
/** Tells listeners that anything may have changed. */
const ANYTHING: LiveEvent[] = [{ event: "reset", job: null, data: {} }];

export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(events: LiveEvent[]): void {
  for (const listener of listeners) listener(events);
}

let port: MessagePort | null = null;

function greet(): void {
  port?.postMessage({ kind: "hello", address: located("/v1/events"), key: apiKey(), visible: !document.hidden });
}

export function goLive(): void {
  if ("SharedWorker" in window) {
    try {
      const worker = new SharedWorker(located("/assets/live.js"), { type: "module", name: located("/") });
      port = worker.port;
      port.onmessage = (message: MessageEvent<FromWorker>) => hear(message.data);
      worker.onerror = () => {
        liveness.value = "polling";
      };
      greet();
    } catch {
      port = null;
    }
  }
  keyVersion.subscribe(greet);
  document.addEventListener("visibilitychange", () => {
    port?.postMessage({ kind: "visible", visible: !document.hidden });
    if (!document.hidden) tell(ANYTHING);
  });
  addEventListener("pagehide", () => port?.postMessage({ kind: "bye" }));
  addEventListener("pageshow", (event) => {
    if (event.persisted) greet();
  });
  addEventListener("online", () => tell(ANYTHING));
  setInterval(() => {
    if (liveness.value === "polling" && !document.hidden) tell(ANYTHING);
  }, POLL_MILLISECONDS);
}

function hear(message: FromWorker): void {
  if (message.kind === "events") tell(message.events);
  else if (message.kind === "tabs") tabs.value = Math.max(1, message.tabs);
  else {
    liveness.value = message.kind === "open" ? "stream" : "polling";
    if (message.kind === "open") tell(ANYTHING); // what happened since the page read is not in the stream
  }
}
