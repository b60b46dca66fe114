// Workers and the queue.
import { get } from "./api.js";
import { h, table, time } from "./dom.js";

export async function workersPage(root) {
  let timer = 0;
  async function draw() {
    const [workers, queue] = await Promise.all([get("/v1/workers"), get("/v1/queue")]);
    const counts = Object.entries(queue.runs || {}).map(([name, number]) => ({ name, number }));
    root.replaceChildren(
      h("h1", {}, "Workers and queue"),
      h("section", { class: "panel" }, table("Runs by state", [
        { title: "State", cell: (c) => c.name }, { title: "Runs", class: "number", cell: (c) => String(c.number) }], counts)),
      h("section", { class: "panel" }, workers.items.length ? table("Workers, those seen last first", [
        { title: "Host", cell: (w) => w.hostname },
        { title: "Device", cell: (w) => `${w.device} (${w.device_name})` },
        { title: "Alive", cell: (w) => (w.alive ? "yes" : "silent") },
        { title: "Run", cell: (w) => w.run || "idle" },
        { title: "Seen", cell: (w) => time(w.last_seen_at) },
      ], workers.items) : h("p", { class: "quiet" }, "No worker has signed on. Start one with ", h("code", {}, "lpl worker"), ".")));
    timer = setTimeout(() => draw().catch(() => {}), 4000);
  }
  await draw();
  return () => clearTimeout(timer);
}
