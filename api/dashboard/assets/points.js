// Sweep points: told apart by what they are, named by what tells them apart.
const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((field) => [field, sorted(value[field])]));
};

export const pointKey = (point) => JSON.stringify(sorted(point));

const shown = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));

function valueName(value) {
  if (value === null || typeof value !== "object") return String(value);
  const name = value.alias || value.name;
  if (!name) return JSON.stringify(value);
  const rest = Object.entries(value).filter(([field]) => field !== "alias" && field !== "name");
  return rest.length ? `${name} (${rest.map(([field, part]) => `${field} = ${shown(part)}`).join(", ")})` : name;
}

export function pointName(point, fallback) {
  const parts = Object.entries(point).map(([field, value]) => {
    const text = valueName(value);
    return field === "method" ? text : `${field.split(".").pop()} = ${text}`;
  });
  return parts.join(", ") || fallback;
}

// Names of different points; where the short ones are alike, whole ones.
export function distinctNames(points, fallback) {
  const names = points.map((point) => pointName(point, fallback));
  return names.map((name, i) => (names.filter((other) => other === name).length > 1 ? pointKey(points[i]) : name));
}
