// Fields of nested objects by their dotted path, as errors and sweeps name them. Objects are never changed in place.
export type Value = unknown;
export type Fields = Record<string, Value>;

export function isFields(value: Value): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function read(from: Value, path: string): Value {
  let value = from;
  for (const step of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Fields)[step];
  }
  return value;
}

/** The same with another value at the path; undefined takes the field out. */
export function written(from: Value, path: string, value: Value): Value {
  const [step = "", ...rest] = path.split(".");
  const inner = rest.length ? written((from as Fields | undefined)?.[step], rest.join("."), value) : value;
  if (Array.isArray(from)) return from.map((item, i) => (String(i) === step ? inner : item));
  const fields: Fields = { ...(isFields(from) ? from : {}) };
  if (inner === undefined) delete fields[step];
  else fields[step] = inner;
  return fields;
}

/** Paths of all numbers. */
export function numbers(of: Value, before = ""): string[] {
  if (typeof of === "number") return [before];
  if (typeof of !== "object" || of === null) return [];
  return Object.entries(of).flatMap(([step, value]) => numbers(value, before ? `${before}.${step}` : step));
}

export const same = (a: Value, b: Value) => JSON.stringify(a) === JSON.stringify(b);
