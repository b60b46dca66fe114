// Light or dark: by the system until somebody chooses.
import { effect, signal } from "@preact/signals";

export type Choice = "system" | "light" | "dark";
const STORED = "lpl-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function stored(): Choice {
  const value = localStorage.getItem(STORED);
  return value === "light" || value === "dark" ? value : "system";
}

export const choice = signal<Choice>(stored());
const systemDark = signal(system.matches);
system.addEventListener("change", (event) => (systemDark.value = event.matches));

/** The scheme in force; charts are drawn again when it changes. */
export const scheme = signal<"light" | "dark">("light");
effect(() => {
  scheme.value = choice.value === "system" ? (systemDark.value ? "dark" : "light") : choice.value;
  document.documentElement.dataset.scheme = scheme.value;
  if (choice.value === "system") localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, choice.value);
});
addEventListener("storage", (event) => {
  if (event.key === STORED) choice.value = stored();
});
