// Rows as people paste them: of numbers, a line each; of a table, below its header; or JSON.
type Row = Record<string, string | null>;

export function readRows(text: string, { table = false } = {}): unknown[] {
  if (!text.trim()) throw new Error("There is nothing yet: paste a row.");
  if (/^\s*[[{]/.test(text)) return ofJson(text);
  if (table) return ofTable(text);
  const lines = text.split(/\r?\n/).map((line, place) => ({ line: line.trim(), place }));
  return lines.filter(({ line }) => line).map(({ line, place }) => numbers(line, place + 1));
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

/** Rows by the columns of the header, which is the first; an empty field is a value that is missing. */
function ofTable(text: string): Row[] {
  const first = text.split(/\r?\n/).find((line) => line.trim()) ?? "";
  const unquoted = first.split('"').filter((_, place) => place % 2 === 0).join("");
  const separator = [",", ";", "\t"].sort((a, b) => unquoted.split(b).length - unquoted.split(a).length)[0] ?? ",";
  const [header, ...rows] = records(text, separator);
  if (!header || header.fields.every(isNumber)) throw new Error("The first line must be the header, with the names of the columns.");
  if (!rows.length) throw new Error("There is a header alone: paste its rows below it.");
  return rows.map(({ fields, line }) => {
    if (fields.length !== header.fields.length) throw new Error(`Line ${line} has ${fields.length} fields, the header ${header.fields.length}.`);
    return Object.fromEntries(header.fields.map((name, column) => [name, fields[column] || null]));
  });
}

/** The records of CSV with the line at which each ends, blank ones left out; quotes hold separators and line breaks. */
function records(text: string, separator: string): { fields: string[]; line: number }[] {
  const found: { fields: string[]; line: number }[] = [];
  let [fields, field, quoted, line]: [string[], string, boolean, number] = [[], "", false, 1];
  for (const sign of `${text}\n`) {
    if (sign === '"') quoted = !quoted;
    if (sign === "\n") line += 1;
    if (quoted || (sign !== separator && sign !== "\n")) {
      field += sign;
      continue;
    }
    fields.push(plain(field));
    field = "";
    if (sign === "\n") {
      if (fields.length > 1 || fields[0]) found.push({ fields, line: line - 1 });
      fields = [];
    }
  }
  if (quoted) throw new Error("A quotation mark is not closed.");
  return found;
}

/** A field without the spaces and quotes around it; two quotes stand for one. */
function plain(field: string): string {
  const text = field.trim();
  return text.startsWith('"') && text.endsWith('"') && text.length > 1 ? text.slice(1, -1).replaceAll('""', '"') : text;
}

const isNumber = (text: string) => text !== "" && Number.isFinite(Number(text));

function numbers(line: string, place: number): number[] {
  const parts = line.split(/[\s,;]+/).filter(Boolean);
  const odd = parts.find((part) => !isNumber(part));
  if (odd !== undefined) throw new Error(`Line ${place}: “${odd.slice(0, 40)}” is no number.`);
  return parts.map(Number);
}
