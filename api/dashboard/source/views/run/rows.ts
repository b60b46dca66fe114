// Rows as people paste them: of numbers, a line each; of a table, with its header; or JSON.
export function readRows(text: string, { table = false } = {}): unknown[] {
  const trimmed = text.trim();
  if (!trimmed) throw new Error("There is nothing yet: paste a row.");
  if (/^[[{]/.test(trimmed)) return ofJson(trimmed);
  const lines = trimmed.split(/\r?\n/).map((line, place) => ({ line: line.trim(), place })).filter(({ line }) => line);
  const header = lines[0]?.line ?? "";
  if (table && !header.split(/[\s,;]+/).every(isNumber)) return ofTable(header, lines.slice(1));
  return lines.map(({ line, place }) => numbers(line, place + 1));
}

function ofJson(text: string): unknown[] {
  try {
    const value = JSON.parse(text) as unknown;
    if (!Array.isArray(value)) return [value];
    // One image is a list of lists as well: rows are taken for what they are, and the service says what does not fit.
    return typeof value[0] === "object" ? value : [value];
  } catch (error) {
    throw new Error(`This is not JSON: ${(error as Error).message}.`);
  }
}

/** Rows by the columns of their header, an empty field being a value that is missing. */
function ofTable(header: string, lines: { line: string; place: number }[]): Record<string, string | null>[] {
  const separator = [",", ";", "\t"].sort((a, b) => header.split(b).length - header.split(a).length)[0] ?? ",";
  const names = fields(header, separator);
  if (!lines.length) throw new Error("There is a header alone: paste its rows below it.");
  return lines.map(({ line, place }) => {
    const values = fields(line, separator);
    if (values.length !== names.length) throw new Error(`Line ${place + 1} has ${values.length} fields, the header ${names.length}.`);
    return Object.fromEntries(names.map((name, column) => [name, values[column] || null]));
  });
}

/** The fields of a line of CSV; quotes hold separators, two of them stand for one. */
function fields(line: string, separator: string): string[] {
  const found: string[] = [];
  let [field, quoted] = ["", false];
  for (let place = 0; place < line.length; place++) {
    const sign = line.charAt(place);
    if (sign === '"' && quoted && line[place + 1] === '"') field += line.charAt(++place);
    else if (sign === '"') quoted = !quoted;
    else if (sign !== separator || quoted) field += sign;
    else {
      found.push(field.trim());
      field = "";
    }
  }
  return [...found, field.trim()];
}

const isNumber = (text: string) => text !== "" && Number.isFinite(Number(text));

function numbers(line: string, place: number): number[] {
  const parts = line.split(/[\s,;]+/).filter(Boolean);
  const odd = parts.find((part) => !isNumber(part));
  if (odd !== undefined) throw new Error(`Line ${place}: “${odd.slice(0, 40)}” is no number.`);
  return parts.map(Number);
}
