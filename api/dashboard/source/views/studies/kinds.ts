// What a study is made from, in words.
import type { StudyItem } from "../../service/types";

export const BEST_METHOD = "best_method";

/** "Table 3", "Fig. 11", "best method": the preset's name as one reads it. */
export function presetName(preset: string): string {
  const [, kind, number] = /^(table|fig)(\d+)$/.exec(preset) ?? [];
  if (kind) return `${kind === "table" ? "Table" : "Fig."} ${number}`;
  return preset.replaceAll("_", " ");
}

export function kindName({ preset, asked }: StudyItem): string {
  if (!preset) return "own jobs";
  if (preset === BEST_METHOD) return `best method${typeof asked.dataset === "string" ? ` for ${asked.dataset}` : ""}`;
  return `${presetName(preset)}${asked.scale === "cpu" ? ", made small" : ""}`;
}
