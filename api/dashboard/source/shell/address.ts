// Where one is: path and query after the `#`, so that pages work below any path of a proxy.
import { computed, signal } from "@preact/signals";

interface Place {
  path: string;
  query: URLSearchParams;
}

function read(): Place {
  const [path = "/", query = ""] = location.hash.slice(1).split("?");
  return { path: path || "/", query: new URLSearchParams(query) };
}

const place = signal<Place>(read());
export const path = computed(() => place.value.path);
export const query = computed(() => place.value.query);

const scrolls = new Map<string, number>();
let returning = false;
const named = () => location.hash || "#/";
history.scrollRestoration = "manual";

addEventListener("popstate", () => {
  returning = true;
});
addEventListener("hashchange", (event) => {
  scrolls.set(new URL(event.oldURL).hash || "#/", lastScroll);
  const before = place.value.path;
  place.value = read();
  const back = returning ? scrolls.get(named()) : undefined;
  returning = false;
  if (back !== undefined) settleAt(back);
  else if (before !== place.value.path) scrollTo(0, 0);
});
let lastScroll = 0;
addEventListener("scroll", () => (lastScroll = scrollY), { passive: true });

/** Scrolls to where one was as soon as the page is as long again. */
function settleAt(y: number): void {
  const deadline = Date.now() + 3000;
  const observer = new ResizeObserver(attempt);
  function attempt(): void {
    const reachable = document.documentElement.scrollHeight - innerHeight >= y;
    if (reachable) scrollTo(0, y);
    if (reachable || Date.now() > deadline) observer.disconnect();
  }
  observer.observe(document.body);
  attempt();
}

/** The address of a view, for links. Empty values are left out. */
export function to(path: string, values: Record<string, string | string[] | number | null | undefined> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== null && each !== undefined && each !== "") query.append(name, String(each));
  }
  const text = query.toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

export function go(address: string): void {
  location.hash = address;
}

/** Changes part of the query in place: no new entry in the history. Null and "" take a value out. */
export function setQuery(values: Record<string, string | string[] | number | null>): void {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(values)) {
    query.delete(name);
    for (const each of Array.isArray(value) ? value : [value]) if (each !== null && each !== "") query.append(name, String(each));
  }
  const text = query.toString();
  history.replaceState(history.state, "", `#${place.value.path}${text ? `?${text}` : ""}`);
  place.value = read();
}
