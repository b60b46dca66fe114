// The runs of a job.
import { download, get, send } from "./api.js";
import { bar, h, problem, state, table } from "./dom.js";
import { pointName } from "./points.js";

const ENDED = ["succeeded", "failed", "cancelled"];

export function runsTable(runs, changed) {
  const columns = [
    { title: "Seed", class: "number", cell: (run) => String(run.seed) },
    { title: "Point", class: "wide", cell: (run) => pointName(run.point, "–") },
    { title: "State", cell: (run) => h("span", {}, state(run.state), run.requested ? ` ${run.requested} requested` : null) },
    { title: "Progress", cell: (run) => bar(run.progress, `progress of seed ${run.seed}`) },
    { title: "Epoch", class: "number", cell: (run) => `${run.epoch} / ${run.epochs}` },
    { title: "Attempt", class: "number", cell: (run) => String(run.attempt) },
    { title: "Device", cell: (run) => run.device || "–" },
    { title: "Message", class: "wide", cell: (run) => [run.reason, run.message, ...run.notes].filter(Boolean).join(": ") || "" },
    { title: "", cell: (run) => actions(run, changed) },
  ];
  return table(null, columns, runs);
}

function actions(run, changed) {
  const message = h("span", { class: "small" });
  const ask = (action) => async () => {
    try {
      await send("POST", `/v1/runs/${run.id}/${action}`);
      changed();
    } catch (error) {
      message.replaceChildren(problem(error));
    }
  };
  const fetchNewest = async () => {
    try {
      const { items } = await get(`/v1/runs/${run.id}/checkpoints`);
      const newest = items.at(-1);
      if (newest) await download(`/v1/checkpoints/${newest.id}/content`, `${run.id}-epoch${newest.epoch}.safetensors`);
      else message.textContent = "no checkpoint yet";
    } catch (error) {
      message.replaceChildren(problem(error));
    }
  };
  const button = (title, onclick) => h("button", { type: "button", class: "small", onclick }, title);
  return h("span", { class: "row small" },
    h("a", { href: `#/runs/${run.id}/log` }, "log"),
    run.epoch ? button("checkpoint", fetchNewest) : null,
    ENDED.includes(run.state) ? null : button("cancel", ask("cancel")),
    ["failed", "cancelled"].includes(run.state) ? button("retry", ask("retry")) : null,
    message);
}
