// Write, check and submit an experiment.
import { get, newKey, send } from "./api.js";
import { h, problem } from "./dom.js";

const FIRST = { name: "", dataset: { name: "digits", imbalance_factor: 20 }, method: "lpl", seeds: [0, 1, 2] };

export async function submitPage(root, _, query) {
  const catalog = await get("/v1/catalog");
  const from = query.get("job");
  const initial = from ? (await get(`/v1/jobs/${from}`)).spec : FIRST;
  const text = h("textarea", { id: "spec", spellcheck: "false" });
  text.value = JSON.stringify(initial, null, 2);
  const answer = h("div", { "aria-live": "polite" });
  const button = h("button", { class: "primary" }, "Submit");
  let key = newKey(); // one per filling of the form: sent twice it makes one job
  text.addEventListener("input", () => { key = newKey(); });
  const preset = h("select", {}, h("option", { value: "" }, "start from a preset"), catalog.presets.map((p) => h("option", { value: p.name }, p.title)));
  preset.addEventListener("change", () => {
    const chosen = catalog.presets.find((p) => p.name === preset.value);
    if (!chosen) return;
    text.value = JSON.stringify(chosen.spec, null, 2);
    key = newKey();
  });
  const parsed = () => {
    try {
      return JSON.parse(text.value);
    } catch (error) {
      answer.replaceChildren(problem(new Error(`This is not JSON: ${error.message}`)));
      return null;
    }
  };
  async function validate() {
    const body = parsed();
    if (!body) return;
    try {
      const plan = await send("POST", "/v1/jobs/validate", body);
      answer.replaceChildren(h("p", {}, `${plan.runs_total} runs; training examples per class: ${plan.class_counts.join(", ")}`));
    } catch (error) {
      answer.replaceChildren(problem(error));
    }
  }
  async function submit(event) {
    event.preventDefault();
    const body = parsed();
    if (!body) return;
    button.disabled = true;
    try {
      const job = await send("POST", "/v1/jobs", body, { "Idempotency-Key": key });
      location.hash = `#/jobs/${job.id}`;
    } catch (error) {
      answer.replaceChildren(problem(error));
    }
    button.disabled = false;
  }
  root.replaceChildren(
    h("h1", {}, "Submit an experiment"),
    h("form", { class: "panel", onsubmit: submit },
      h("div", { class: "row spread" }, h("label", { for: "spec" }, "Specification (JSON)"), preset),
      text,
      h("div", { class: "row" }, h("button", { type: "button", onclick: validate }, "Check"), button),
      answer),
    h("section", { class: "panel" }, h("h2", {}, "Methods"), h("ul", {}, catalog.methods.map((m) => h("li", {}, h("code", {}, m.name), ` ${m.title}. `, h("span", { class: "quiet" }, m.citation))))));
  return () => {};
}
