// What a curve of a theorem says, in plain words.
import type { Stretch } from "../../charts/errors";
import { number, percent } from "../../parts/format";
import type { TheoryCurve } from "../../service/types";

export const TAIL = "tail class (+1)";
export const HEAD = "head class (−1)";

export interface Telling {
  title: string;
  figures: string;
  /** What is bounded, and how. */
  does: string;
  says: string;
}

export const TELLINGS: Record<string, Telling> = {
  "1": {
    title: "Theorem 1: make the tail class harder",
    figures: "Fig. 3",
    does: "Both classes are perturbed so that their losses go up (positive augmentation): the head class with bound ε, the tail class with ρ₊ ε.",
    says: "A larger bound for the tail class moves the threshold in its favour: fewer tail examples are missed, and more head examples are.",
  },
  "2": {
    title: "Theorem 2: make the head class easier",
    figures: "Fig. 4",
    does: "The tail class is perturbed so that its loss goes up, with bound ε; the head class so that its loss goes down (negative augmentation), with bound ρ₋ ε.",
    says: "A larger bound for the head class has the same effect from the other side: the head class gives way, and the tail class wins what it gives.",
  },
  "3": {
    title: "Theorem 3: when the spread of the classes differs as well",
    figures: "Fig. 5 and 6",
    does: "The head class is K times as wide as the tail class, and both are perturbed so that their losses go up, with bounds ρ₊ ε and ρ₋ ε. Which class is the harder one now depends on its spread and on its frequency.",
    says: "Rare does not always mean hard: a frequent class that is wide can have the larger error. Then it is the head class that should be augmented.",
  },
};

/** "ρ₊" of rho_plus. */
export const symbol = (parameter: string) => (parameter === "rho_plus" ? "ρ₊" : "ρ₋");
export const bounded = (parameter: string) => (parameter === "rho_plus" ? TAIL : HEAD);

/** The stretches of the curve at which the solution is not the best threshold, each with its reason. */
export function stretches(curve: TheoryCurve): Stretch[] {
  const { values } = curve.closed_form;
  return runs(curve.valid.map((valid, i) => (valid ? null : (curve.reasons[i] ?? "not the best threshold")))).map(({ from, to, value }) => ({ from: values[from] ?? 0, to: values[to] ?? 0, reason: value }));
}

/** Neighbours of the same value, nulls left out. */
function runs(values: (string | null)[]): { from: number; to: number; value: string }[] {
  const found: { from: number; to: number; value: string }[] = [];
  values.forEach((value, i) => {
    const last = found.at(-1);
    if (value !== null && last?.value === value && last.to === i - 1) last.to = i;
    else if (value !== null) found.push({ from: i, to: i, value });
  });
  return found;
}

/** "everywhere", "nowhere", "from 0 to 4.2": where along the curve something is so. */
export function where(values: number[], so: (boolean | null)[]): string {
  const parts = runs(so.map((each) => (each ? "so" : null)));
  if (!parts.length) return "nowhere";
  if (parts.length === 1 && parts[0]!.from === 0 && parts[0]!.to === values.length - 1) return "everywhere";
  return parts.map(({ from, to }) => (from === to ? `at ${number(values[from], 3)}` : `from ${number(values[from], 3)} to ${number(values[to], 3)}`)).join(", ");
}

/** How the errors of both classes move along the curve, which is the larger, and where the theorem claims it. */
export function sentences(curve: TheoryCurve): string[] {
  const { values, minority, majority } = curve.closed_form;
  const rho = symbol(curve.parameter);
  const solved = values.flatMap((_, i) => (minority[i] === null || minority[i] === undefined ? [] : [i]));
  const [first, last] = [solved[0], solved.at(-1)];
  if (first === undefined || last === undefined) return ["At this setting the theorem has no solution: no threshold is a local optimum."];
  const moves = (name: string, errors: (number | null)[]) => {
    const [from, to] = [errors[first] ?? 0, errors[last] ?? 0];
    const way = Math.abs(to - from) < 5e-5 ? "stays at" : to < from ? "falls from" : "rises from";
    return `the error of the ${name} ${way} ${percent(from)}${way === "stays at" ? "" : ` to ${percent(to)}`}`;
  };
  const harder = (part: string) => where(values, curve.harder.map((each) => each === part));
  const valid = where(values, curve.valid);
  return [
    `As ${rho}, the bound of the ${bounded(curve.parameter)}, grows from ${number(values[first], 3)} to ${number(values[last], 3)}, ${moves(TAIL, minority)}, and ${moves(HEAD, majority)}.`,
    `The tail class has the larger error ${harder("minority")}; the head class ${harder("majority")}.`,
    valid === "everywhere" ? "The solution is the best threshold everywhere on this curve." : `The solution is the best threshold ${valid}; where it is not, the chart is shaded.`,
  ];
}
