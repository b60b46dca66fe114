// Elements and text. Data reach the page as text nodes only.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function table(caption, columns, rows) {
  return h("div", { class: "scroll" },
    h("table", {}, caption ? h("caption", {}, caption) : null,
      h("thead", {}, h("tr", {}, columns.map((c) => h("th", { scope: "col", class: c.class }, c.title)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, columns.map((c) => h("td", { class: c.class }, c.cell(row))))))));
}

export const state = (name) => h("span", { class: `state ${name}` }, name);
export const bar = (value, label) => h("progress", { max: 1, value: String(value), "aria-label": label });
export const percent = (value) => (value === null || value === undefined ? "–" : `${(100 * value).toFixed(2)} %`);
export const time = (text) => (text ? new Date(text).toLocaleString() : "–");

export function spread(metric) {
  if (!metric || metric.mean === null) return "–";
  const deviation = metric.std === null ? "" : ` ± ${(100 * metric.std).toFixed(2)}`;
  return `${(100 * metric.mean).toFixed(2)}${deviation} %`;
}

export function problem(error) {
  const list = (error.errors || []).map((e) => h("li", {}, h("code", {}, e.path || "request"), `: ${e.message}`));
  return h("div", { class: "error", role: "alert" }, h("p", {}, error.message), list.length ? h("ul", {}, list) : null);
}
