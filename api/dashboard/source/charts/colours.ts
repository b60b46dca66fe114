// The same colour for a method everywhere. Okabe and Ito's palette, told apart with every kind of colour vision;
// methods that share a colour differ by dash and symbol.
type Scheme = "light" | "dark";

const PALETTE: Record<Scheme, string[]> = {
  light: ["#0072b2", "#c14d00", "#00805e", "#a8487c", "#9a6a00", "#2a86b8", "#6b6b00", "#555f69"],
  dark: ["#56b4e9", "#ff8a4c", "#2ecc9d", "#e59ac4", "#f0b429", "#9ad4f5", "#d6d65c", "#b4bfc9"],
};
const DASHES: (string | number[])[] = ["solid", [7, 4], [2, 3], [9, 3, 2, 3]];
const SYMBOLS = ["circle", "rect", "triangle", "diamond"];

// The methods that stand beside each other most often have places of their own; the others follow by name.
const FIRST = ["lpl", "cross_entropy", "logit_adjustment", "la_lpl", "ldam", "focal", "class_balanced", "isda"];
const MULTI = ["r_bce_focal_lpl", "binary_cross_entropy", "r_bce_focal", "r_bce_focal_ntr", "r_bce_lpl", "r_bce", "r_bce_ntr", "asymmetric"];

/** Stands for a series that is no method: the n-th style of the chart. */
export const numbered = (n: number): string => `#${n}`;

function place(method: string): number {
  if (/^#\d+$/.test(method)) return Number(method.slice(1)) % (PALETTE.light.length * DASHES.length);
  for (const list of [FIRST, MULTI]) if (list.includes(method)) return list.indexOf(method);
  let hash = 0;
  for (const letter of method) hash = (31 * hash + letter.charCodeAt(0)) >>> 0;
  return PALETTE.light.length + (hash % (PALETTE.light.length * (DASHES.length - 1)));
}

function coloured(at: number, scheme: Scheme): string {
  const palette = PALETTE[scheme];
  return palette[at % palette.length] as string;
}

export function methodColour(method: string, scheme: Scheme): string {
  return coloured(place(method), scheme);
}

export interface Style {
  colour: string;
  dash: string | number[];
  symbol: string;
}

/** Styles of the series of a chart by the methods they show: no two are alike while there are such. */
export function styles(methods: string[], scheme: Scheme): Style[] {
  const taken = new Set<number>();
  const count = PALETTE.light.length * DASHES.length;
  return methods.map((method) => {
    let at = place(method);
    // Another point of the same method keeps its colour while there is a dash for it.
    for (let tries = 0; taken.has(at) && tries < DASHES.length; tries += 1) at = (at + PALETTE.light.length) % count;
    for (let tries = 0; taken.has(at) && tries < count; tries += 1) at = (at + 1) % count;
    taken.add(at);
    const variant = Math.floor(at / PALETTE.light.length) % DASHES.length;
    return { colour: coloured(at, scheme), dash: DASHES[variant] as string | number[], symbol: SYMBOLS[variant] as string };
  });
}

/** Colour of a value around zero: blue below (a loss that shrinks), orange above (one that grows). */
export function diverging(share: number, scheme: Scheme): [number, number, number] {
  const middle = scheme === "light" ? [247, 248, 249] : [30, 39, 47];
  const end = share < 0 ? [0, 98, 168] : [202, 84, 0];
  const part = Math.min(1, Math.abs(share)) ** 0.75;
  return middle.map((from, i) => Math.round(from + part * ((end[i] as number) - from))) as [number, number, number];
}

/** Colour of a share of 0 to 1: the panel's own at nothing, blue at all. */
export function rising(share: number, scheme: Scheme): [number, number, number] {
  const [from, to] = scheme === "light" ? [[250, 251, 252], [0, 62, 110]] : [[27, 36, 44], [154, 212, 245]];
  const part = Math.max(0, Math.min(1, share)) ** 0.55;
  return (from as number[]).map((start, i) => Math.round(start + part * ((to as number[])[i]! - start))) as [number, number, number];
}

/** Colours and dashes of the errors of two classes and of both together. */
export function ofClasses(scheme: Scheme): Record<"minority" | "majority" | "total", Style> {
  const style = (at: number, dash: Style["dash"], symbol: string): Style => ({ colour: coloured(at, scheme), dash, symbol });
  return { minority: style(1, "solid", "circle"), majority: style(0, [7, 4], "rect"), total: style(7, [2, 3], "triangle") };
}
