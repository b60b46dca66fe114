// The log of a run.
import { get } from "./api.js";
import { h, problem, state, table, time } from "./dom.js";

const PAGE = 500;

export async function logPage(root, [id]) {
  const [run, log] = await Promise.all([get(`/v1/runs/${id}`), get(`/v1/runs/${id}/logs?limit=${PAGE}`)]);
  const lines = [...log.items];
  let cursor = log.next;
  const list = h("div", {});
  const more = h("button", { type: "button", onclick: loadMore }, "Load more lines");
  const columns = [
    { title: "Time", cell: (line) => time(line.created_at) },
    { title: "Attempt", class: "number", cell: (line) => String(line.attempt ?? "") },
    { title: "Level", cell: (line) => line.level },
    { title: "Message", class: "wide", cell: (line) => line.message },
  ];
  function draw() {
    more.hidden = !cursor;
    list.replaceChildren(lines.length ? table(null, columns, lines) : h("p", { class: "quiet" }, "Nothing was logged."));
  }
  async function loadMore() {
    try {
      const page = await get(`/v1/runs/${id}/logs?limit=${PAGE}&cursor=${cursor}`);
      lines.push(...page.items);
      cursor = page.next;
      draw();
    } catch (error) {
      list.append(problem(error));
    }
  }
  const end = [run.reason, run.message].filter(Boolean).join(": ");
  draw();
  root.replaceChildren(
    h("h1", {}, `Log of seed ${run.seed}`),
    h("p", {}, h("a", { href: `#/jobs/${run.job}` }, "Back to the job")),
    h("p", { class: "row" }, state(run.state), end ? h("span", { class: "wide" }, end) : null, run.finished_at ? h("span", { class: "quiet" }, `at ${time(run.finished_at)}`) : null),
    h("section", { class: "panel" }, list, more));
}
