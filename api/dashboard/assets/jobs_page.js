// The list of jobs, with filters in the address.
import { get } from "./api.js";
import { bar, h, problem, state, table, time } from "./dom.js";
import { setQuery } from "./router.js";

const STATES = ["", "queued", "running", "paused", "succeeded", "failed", "cancelled"];
const POLL_MILLISECONDS = 3000;
const COLUMNS = [
  { title: "Job", class: "wide", cell: (job) => h("a", { href: `#/jobs/${job.id}` }, job.name || job.id) },
  { title: "State", cell: (job) => state(job.state) },
  { title: "Progress", cell: (job) => bar(job.progress, `progress of ${job.name || job.id}`) },
  { title: "Data set", cell: (job) => job.datasets.join(", ") },
  { title: "Method", class: "wide", cell: (job) => job.methods.join(", ") },
  { title: "Runs", class: "number", cell: (job) => String(job.runs_total) },
  { title: "Tags", class: "wide", cell: (job) => h("span", { class: "row" }, job.tags.map((tag) => h("span", { class: "tag" }, tag))) },
  { title: "Submitted", cell: (job) => time(job.created_at) },
];

export async function jobsPage(root, _, query) {
  const values = Object.fromEntries(["state", "name", "tag", "dataset", "method"].map((f) => [f, query.get(f) || ""]));
  const list = h("div", {});
  const more = h("button", { type: "button", hidden: true }, "Load more");
  let pages = 1;
  let timer = 0;

  const path = (cursor) => {
    const kept = Object.entries({ ...values, limit: "50", cursor }).filter(([, value]) => value);
    return `/v1/jobs?${new URLSearchParams(kept)}`;
  };
  async function refresh() {
    const items = [];
    let cursor = "";
    for (let page = 0; page < pages; page += 1) {
      const answer = await get(path(cursor));
      items.push(...answer.items);
      cursor = answer.next;
      if (!cursor) break;
    }
    more.hidden = !cursor;
    const empty = h("p", { class: "quiet" }, "No jobs here yet. ", h("a", { href: "#/submit" }, "Submit one"), ", or run ", h("code", {}, "lpl submit"), ".");
    const none = h("p", { class: "quiet" }, "No job matches these filters. ", h("a", { href: "#/" }, "All jobs"));
    const filtered = Object.values(values).some(Boolean);
    list.replaceChildren(items.length ? table(null, COLUMNS, items) : filtered ? none : empty);
  }
  async function poll() {
    try {
      await refresh();
      document.getElementById("status").textContent = "";
    } catch (error) {
      document.getElementById("status").textContent = `Not up to date: ${error.message}`;
    }
    timer = setTimeout(poll, POLL_MILLISECONDS);
  }
  const change = (field) => (event) => {
    values[field] = event.target.value.trim();
    pages = 1;
    setQuery(values);
    refresh().catch((error) => list.replaceChildren(problem(error)));
  };
  more.addEventListener("click", () => { pages += 1; refresh(); });
  const text = (field, title) => h("label", {}, title, h("input", { value: values[field], size: 14, onchange: change(field) }));
  const choice = h("select", { onchange: change("state") }, STATES.map((s) => h("option", { value: s, selected: s === values.state }, s || "all")));
  await refresh();
  root.replaceChildren(
    h("div", { class: "row spread" }, h("h1", {}, "Jobs"), h("a", { href: "#/submit" }, "Submit an experiment")),
    h("form", { class: "row", onsubmit: (event) => event.preventDefault() },
      h("label", {}, "State", choice), text("name", "Name"), text("tag", "Tag"), text("dataset", "Data set"), text("method", "Method")),
    h("section", { class: "panel" }, list, more));
  timer = setTimeout(poll, POLL_MILLISECONDS);
  return () => clearTimeout(timer);
}
