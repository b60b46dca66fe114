// The confusion of a run, or of two, with the classes most frequent first.
import { byFrequency } from "../../parts/frequency";
import { get } from "../../service/http";
import type { ConfusionEntries, ConfusionMatrix, LossVariations } from "../../service/types";

/** Above this many classes the service gives the cells that have examples, and no square. */
const MOST_OF_A_SQUARE = 1000;
const ENTRIES_SHOWN = 2000;

export interface Counted {
  true: string;
  predicted: string;
  count: number;
  /** Of the other run, where there is one. */
  other: number;
}

export interface Square {
  kind: "square";
  epoch: number;
  names: string[];
  /** Training examples. */
  counts: number[];
  /** Test examples by true and predicted class. */
  run: number[][];
  other: number[][] | null;
}

export interface List {
  kind: "list";
  epoch: number;
  classes: number;
  entries: Counted[];
}

export async function readConfusion(run: string, other: string | null, signal: AbortSignal): Promise<Square | List> {
  // The first epoch's variations are the shortest answer that has the classes with their counts.
  const facts = await get<LossVariations>(`/v1/runs/${run}/loss-variations?epoch=1`, signal);
  if (facts.classes.length > MOST_OF_A_SQUARE) return list(run, other, signal);
  const [mine, theirs] = await Promise.all([square(run, signal), other ? square(other, signal) : null]);
  if (theirs && theirs.classes.join("\n") !== mine.classes.join("\n")) throw new Error("the two runs have different classes");
  const order = byFrequency(mine.classes.map((_, c) => facts.class_counts[c] ?? 0));
  const arranged = (matrix: ConfusionMatrix) => order.map((row) => order.map((column) => matrix.matrix[row]?.[column] ?? 0));
  return {
    kind: "square",
    epoch: mine.epoch,
    names: order.map((place) => mine.classes[place] ?? String(place)),
    counts: order.map((place) => facts.class_counts[place] ?? 0),
    run: arranged(mine),
    other: theirs && arranged(theirs),
  };
}

const square = (run: string, signal: AbortSignal) => get<ConfusionMatrix>(`/v1/runs/${run}/confusion-matrix`, signal);

async function list(run: string, other: string | null, signal: AbortSignal): Promise<List> {
  const limit = other ? "" : `&limit=${ENTRIES_SHOWN}`;
  const asked = (id: string) => get<ConfusionEntries>(`/v1/runs/${id}/confusion-matrix?format=entries${limit}`, signal);
  const [mine, theirs] = await Promise.all([asked(run), other ? asked(other) : null]);
  const cells = new Map<string, Counted>();
  for (const [answer, part] of [[mine, "count"], [theirs, "other"]] as const) {
    for (const entry of answer?.entries ?? []) {
      const key = `${entry.true} ${entry.predicted}`;
      const cell = cells.get(key) ?? { true: mine.classes[entry.true] ?? "", predicted: mine.classes[entry.predicted] ?? "", count: 0, other: 0 };
      cells.set(key, { ...cell, [part]: entry.count });
    }
  }
  const size = (cell: Counted) => (other ? Math.abs(cell.count - cell.other) : cell.count);
  const entries = [...cells.values()].sort((a, b) => size(b) - size(a)).slice(0, ENTRIES_SHOWN);
  return { kind: "list", epoch: mine.epoch, classes: mine.classes.length, entries };
}

/** Rows as percent of their sum: of the examples of a class, how many are taken for which. */
export function shares(matrix: number[][]): number[][] {
  return matrix.map((row) => {
    const sum = row.reduce((total, value) => total + value, 0);
    return row.map((value) => (sum ? (100 * value) / sum : 0));
  });
}

export function minus(a: number[][], b: number[][]): number[][] {
  return a.map((row, i) => row.map((value, j) => value - (b[i]?.[j] ?? 0)));
}
