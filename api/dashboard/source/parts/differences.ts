// What differs between two specifications, field by field.
export interface Difference {
  path: string;
  before: string;
  after: string;
}

const ABSENT = "–";

function leaves(value: unknown, path: string, into: Map<string, string>): void {
  if (value !== null && typeof value === "object" && Object.keys(value).length) {
    for (const [name, part] of Object.entries(value)) leaves(part, path ? `${path}.${name}` : name, into);
  } else {
    into.set(path, JSON.stringify(value) ?? ABSENT);
  }
}

export function differences(before: unknown, after: unknown): Difference[] {
  const [old, now] = [new Map<string, string>(), new Map<string, string>()];
  leaves(before, "", old);
  leaves(after, "", now);
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((path) => old.get(path) !== now.get(path))
    .map((path) => ({ path, before: old.get(path) ?? ABSENT, after: now.get(path) ?? ABSENT }));
}
