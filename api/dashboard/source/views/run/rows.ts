// Rows of numbers as people paste them: a line each, or JSON.
export function readRows(text: string): unknown[] {
  const trimmed = text.trim();
  if (!trimmed) throw new Error("There are no numbers yet: paste a row.");
  if (trimmed.startsWith("[")) return ofJson(trimmed);
  const lines = trimmed.split(/\r?\n/).map((line, place) => ({ line: line.trim(), place }));
  return lines.filter(({ line }) => line).map(({ line, place }) => numbers(line, place + 1));
}

function ofJson(text: string): unknown[] {
  try {
    const value = JSON.parse(text) as unknown[];
    // One image is a list of lists as well: rows are taken for what they are, and the service says what does not fit.
    return Array.isArray(value[0]) ? value : [value];
  } catch (error) {
    throw new Error(`This is not JSON: ${(error as Error).message}.`);
  }
}

function numbers(line: string, place: number): number[] {
  const parts = line.split(/[\s,;]+/).filter(Boolean);
  const odd = parts.find((part) => !Number.isFinite(Number(part)));
  if (odd !== undefined) throw new Error(`Line ${place}: “${odd.slice(0, 40)}” is no number.`);
  return parts.map(Number);
}
