// Small things that say what something is: a state, a tag, a method, progress.
import { methodColour } from "../charts/colours";
import type { State } from "../service/types";
import { scheme } from "../shell/theme";
import { percent } from "./format";
import { SIGNS } from "./run_states";

export function StateBadge({ state, requested }: { state: State; requested?: string | null }) {
  return (
    <span class={`state ${state}`}>
      <span aria-hidden="true">{SIGNS[state] ?? "•"}</span> {state}
      {requested && <span class="quiet"> ({requested} requested)</span>}
    </span>
  );
}

export function Tag({ children }: { children: string }) {
  return <span class="tag">{children}</span>;
}

/** A method with the colour that it has in every chart. */
export function MethodChip({ name }: { name: string }) {
  return (
    <span class="chip">
      <svg width="10" height="10" aria-hidden="true"><circle cx="5" cy="5" r="4.5" fill={methodColour(name, scheme.value)} /></svg>
      {name}
    </span>
  );
}

export function Progress({ value, label }: { value: number; label: string }) {
  return (
    <span class="progress">
      <progress max={1} value={value} aria-label={label} />
      <span class="small">{percent(value, 0)}</span>
    </span>
  );
}
