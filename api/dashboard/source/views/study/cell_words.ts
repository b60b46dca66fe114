// What a cell of a study says.
import { hundredths, number, spread } from "../../parts/format";
import { metric } from "../../parts/metrics";
import { ENDED } from "../../parts/run_states";
import type { StudyCell, StudyColumn } from "../../service/types";

/** "Percent: " where all columns are fractions. */
export const unit = (columns: StudyColumn[]): string => (columns.every((column) => metric(column.metric).fraction) ? "Percent: " : "");

const minus = (text: string) => text.replaceAll("-", "−");

function plain(value: number, of: StudyCell): string {
  return minus(metric(of.metric).fraction ? hundredths(value) : number(value));
}

/** "38.76 ± 0.41 (n = 3)"; nothing where there is no figure. */
export function figureWords(cell: StudyCell): string {
  if (cell.mean === null) return "";
  const value = metric(cell.metric).fraction ? spread(cell) : [cell.mean, cell.std].filter((each) => each !== null).map((each) => number(each)).join(" ± ");
  return `${minus(value)} (n = ${cell.n})`;
}

/** "published 38.50, +0.26, within the noise"; of other data the published figure alone. */
export function comparedWords(cell: StudyCell, comparable: boolean): string {
  if (cell.published === null) return "";
  const published = `published ${plain(cell.published, cell)}`;
  if (cell.difference === null || !comparable) return published;
  const size = plain(Math.abs(cell.difference), cell);
  const sign = Number(size) === 0 ? "" : cell.difference > 0 ? "+" : "−";
  const noise = cell.differs === null ? "one seed: the noise is not known" : cell.differs ? "beyond the noise" : "within the noise";
  return `${published}, ${sign}${size}, ${noise}`;
}

/** Which seeds have no figure, and why; null where all have. */
export function missingWords(cell: StudyCell, state: string | undefined): { words: string; bad: boolean } | null {
  const reasons = cell.missing.filter((each): each is string => typeof each === "string");
  const seeds = cell.missing.filter((each): each is number => typeof each === "number");
  const waiting = seeds.filter((seed) => cell.waiting.includes(seed));
  const lost = seeds.filter((seed) => !cell.waiting.includes(seed));
  const words = [...reasons, ...(lost.length ? [`missing: ${seedWords(lost)} ${state === "cancelled" ? "(cancelled)" : "(failed)"}`] : []), ...(waiting.length ? [`${seedWords(waiting)} to come`] : [])];
  if (!words.length) return null;
  return { words: words.join("; "), bad: lost.length > 0 || (reasons.length > 0 && ENDED.includes(state ?? "")) };
}

function seedWords(seeds: number[]): string {
  return `${seeds.length === 1 ? "seed" : "seeds"} ${seeds.slice(0, -1).join(", ")}${seeds.length > 1 ? " and " : ""}${seeds.at(-1)}`;
}
