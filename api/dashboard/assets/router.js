// Hash routes. A page is a function (root, parameters, query) that returns how to leave it.
import { Problem, setKey } from "./api.js";
import { h, problem } from "./dom.js";

let leave = null;

export function query() {
  return new URLSearchParams(location.hash.split("?")[1] || "");
}

export function setQuery(values) {
  const kept = Object.entries(values).filter(([, value]) => value);
  const text = new URLSearchParams(kept).toString();
  history.replaceState(null, "", location.hash.split("?")[0] + (text ? `?${text}` : ""));
}

function askForKey(root, again) {
  const input = h("input", { type: "password", autocomplete: "off", required: true });
  const form = h("form", { class: "panel row", onsubmit: (event) => { event.preventDefault(); setKey(input.value.trim()); again(); } },
    h("label", {}, "This service needs an API key", input), h("button", { class: "primary" }, "Use this key"));
  root.replaceChildren(form);
  input.focus();
}

export function start(routes) {
  const root = document.getElementById("content");
  let visit = 0;
  async function show() {
    leave?.();
    leave = null;
    visit += 1;
    const mine = visit;
    const path = (location.hash.slice(1).split("?")[0] || "/");
    for (const link of document.querySelectorAll("nav a")) {
      const here = link.getAttribute("href") === `#${path}`;
      if (here) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    for (const [pattern, page] of routes) {
      const match = pattern.exec(path);
      if (!match) continue;
      const place = h("div", {}, h("p", {}, "Loading…")); // what an earlier page still writes, it writes to its own
      root.replaceChildren(place);
      try {
        const left = await page(place, match.slice(1), query());
        if (mine === visit) leave = left;
        else left?.();
      } catch (error) {
        if (mine !== visit) return;
        if (error instanceof Problem && error.status === 401) askForKey(root, show);
        else root.replaceChildren(problem(error));
      }
      return;
    }
    root.replaceChildren(h("p", {}, "There is no such page. ", h("a", { href: "#/" }, "All jobs")));
  }
  window.addEventListener("hashchange", () => { show(); root.focus(); });
  show();
}
