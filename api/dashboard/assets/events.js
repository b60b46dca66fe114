// Server-sent events over fetch, since EventSource cannot carry a key. Reconnects from the last id; `end` closes.
import { headers, located } from "./api.js";

export function follow(path, onEvent) {
  const control = new AbortController();
  let last = null;
  let ended = false;

  async function once() {
    const extra = last === null ? {} : { "Last-Event-ID": last };
    const response = await fetch(located(path), { headers: headers({ Accept: "text/event-stream", ...extra }), signal: control.signal });
    if (!response.ok) throw new Error(`events: ${response.status}`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text = (text + value).replaceAll("\r\n", "\n");
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        take(text.slice(0, end));
        text = text.slice(end + 2);
      }
    }
  }

  function take(block) {
    const event = { event: "message", data: "" };
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
    }
    if (event.id !== undefined) last = event.id;
    if (event.event === "end") ended = true;
    if (event.data) onEvent(event.event, JSON.parse(event.data));
  }

  (async () => {
    let pause = 1000;
    while (!control.signal.aborted && !ended) {
      try {
        await once();
        pause = 1000;
      } catch {
        pause = Math.min(pause * 2, 15000);
      }
      if (!ended) await new Promise((resolve) => setTimeout(resolve, pause));
    }
  })();
  return () => control.abort();
}
