// What the service says of the draft, asked a moment after each change; and which errors stand beside a field.
import { computed, signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Away, type FieldError, Problem, send } from "../../service/http";
import { useReading } from "../../service/resource";
import type { Validation } from "../../service/types";
import { datasetName, draft } from "./draft";
import { type Fields, read } from "./paths";

export interface Checked {
  /** What would run; of the last draft that was right. */
  plan: Validation | null;
  error: Error | null;
  /** Whether this is about the draft as it is now. */
  current: boolean;
}

const STILL_MILLISECONDS = 350;
export const checked = signal<Checked>({ plan: null, error: null, current: false });
export const errors = computed<FieldError[]>(() => (checked.value.error instanceof Problem ? checked.value.error.errors : []));
/** What would run, as far as it is about the data set of the draft: another one's numbers would mislead. */
export const plan = computed<Validation | null>(() => {
  const last = checked.value.plan;
  return last && read(last.spec, "dataset.name") === datasetName() ? last : null;
});
export const complete = computed<Fields>(() => (plan.value?.spec as Fields | undefined) ?? {});

/** Paths that have a field on the page, with how many. */
const places = signal<Map<string, number>>(new Map());
export const elsewhere = computed(() => errors.value.filter((error) => !places.value.has(error.path)));
export const placed = computed(() => errors.value.filter((error) => places.value.has(error.path)));

function count(paths: string[], more: number): void {
  const next = new Map(places.peek());
  for (const path of paths) {
    const number = (next.get(path) ?? 0) + more;
    if (number > 0) next.set(path, number);
    else next.delete(path);
  }
  places.value = next;
}

/** The errors of a field, which may go by several paths; they are not listed elsewhere then. */
export function useErrors(paths: string[]): FieldError[] {
  const named = paths.join(" ");
  useEffect(() => {
    count(paths, 1);
    return () => count(paths, -1);
  }, [named]);
  return errors.value.filter((error) => paths.includes(error.path));
}

export const hasField = (path: string): boolean => places.value.has(path);

export const wrongBelow = (prefixes: string[]) => errors.value.some((error) => prefixes.some((prefix) => error.path === prefix || error.path.startsWith(`${prefix}.`)));

/** Keeps `checked` up to date while the page is open. */
export function useChecking(): () => void {
  const text = JSON.stringify(draft.value.spec);
  const [asked, setAsked] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), STILL_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  const reading = useReading<Validation>(asked, () => send("POST", "/v1/jobs/validate", asked), { keep: true });
  const last = useRef<{ plan: Validation | null; error: Error | null }>({ plan: null, error: null });
  if (!reading.loading) last.current = { plan: reading.value, error: reading.error };
  const { plan: answer, error } = last.current;
  const current = !reading.loading && asked === text && !(error instanceof Away);
  useEffect(() => {
    checked.value = { plan: answer, error, current };
  }, [answer, error, current]);
  return reading.refresh;
}
