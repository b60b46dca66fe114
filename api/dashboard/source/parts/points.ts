// Sweep points: told apart by what they are, named by what tells them apart.
type Value = unknown;
export type Point = Record<string, Value>;

function sorted(value: Value): Value {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const fields = value as Record<string, Value>;
  return Object.fromEntries(Object.keys(fields).sort().map((field) => [field, sorted(fields[field])]));
}

export const pointKey = (point: Point): string => JSON.stringify(sorted(point));

const shown = (value: Value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));

function valueName(value: Value): string {
  if (value === null || typeof value !== "object") return String(value);
  const fields = value as Record<string, Value>;
  const name = fields.alias ?? fields.name;
  if (!name) return JSON.stringify(value);
  const rest = Object.entries(fields).filter(([field]) => field !== "alias" && field !== "name");
  return rest.length ? `${name} (${rest.map(([field, part]) => `${field} = ${shown(part)}`).join(", ")})` : String(name);
}

export function pointName(point: Point, fallback: string): string {
  const parts = Object.entries(point).map(([field, value]) => (field === "method" ? valueName(value) : `${field.split(".").pop()} = ${valueName(value)}`));
  return parts.join(", ") || fallback;
}

/** Names of different points; where the short ones are alike, whole ones. */
export function distinctNames(points: Point[], fallback: string): string[] {
  const names = points.map((point) => pointName(point, fallback));
  return names.map((name, i) => (names.filter((other) => other === name).length > 1 ? pointKey(points[i] ?? {}) : name));
}

/** The method of a point, where its sweep is over methods. */
export function methodOf(point: Point, fallback: string): string {
  const method = point.method as Value;
  if (typeof method === "string") return method;
  const fields = (method ?? {}) as Record<string, Value>;
  return String(fields.alias ?? fields.name ?? fallback);
}
