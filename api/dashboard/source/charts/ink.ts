// Colours and type that charts share with the page.
export interface Ink {
  scheme: "light" | "dark";
  text: string;
  quiet: string;
  line: string;
  panel: string;
  accent: string;
}

export function ink(scheme: "light" | "dark"): Ink {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return { scheme, text: of("--ink"), quiet: of("--quiet"), line: of("--line"), panel: of("--panel"), accent: of("--accent") };
}

/** What every axis looks like. */
export function axis(ink: Ink, name: string, vertical: boolean, gap: number): Record<string, unknown> {
  return {
    name,
    nameLocation: "middle",
    nameGap: gap,
    nameTextStyle: { color: ink.quiet, fontSize: 12 },
    axisLabel: { color: ink.quiet, fontSize: 12, hideOverlap: true },
    axisLine: { show: !vertical, lineStyle: { color: ink.line } },
    axisTick: { show: false },
    splitLine: { show: vertical, lineStyle: { color: ink.line } },
  };
}

/** What a hover shows: a heading, then a row for each series, largest first where `sorted`. */
export function hover(heading: string, rows: { name: string; colour?: string; value: string }[]): HTMLElement {
  const box = document.createElement("div");
  box.className = "hover";
  const head = document.createElement("strong");
  head.textContent = heading;
  const list = document.createElement("table");
  for (const row of rows) {
    const line = list.insertRow();
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    if (row.colour) swatch.style.background = row.colour;
    line.insertCell().append(swatch, row.name);
    const value = line.insertCell();
    value.textContent = row.value;
    value.className = "number";
  }
  box.append(head, list);
  return box;
}

export function hoverBox(ink: Ink): Record<string, unknown> {
  return {
    confine: true,
    backgroundColor: ink.panel,
    borderColor: ink.line,
    textStyle: { color: ink.text, fontSize: 12 },
    transitionDuration: 0,
    className: "chart-hover",
  };
}
