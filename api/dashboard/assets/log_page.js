// The log of a run.
import { get } from "./api.js";
import { h, table, time } from "./dom.js";

export async function logPage(root, [id]) {
  const [run, log] = await Promise.all([get(`/v1/runs/${id}`), get(`/v1/runs/${id}/logs`)]);
  const columns = [
    { title: "Time", cell: (line) => time(line.at || line.created_at) },
    { title: "Attempt", class: "number", cell: (line) => String(line.attempt ?? "") },
    { title: "Level", cell: (line) => line.level },
    { title: "Message", class: "wide", cell: (line) => line.message },
  ];
  root.replaceChildren(
    h("h1", {}, `Log of seed ${run.seed}`),
    h("p", {}, h("a", { href: `#/jobs/${run.job}` }, "Back to the job")),
    h("section", { class: "panel" }, log.items.length ? table(null, columns, log.items) : h("p", { class: "quiet" }, "Nothing was logged.")));
}
