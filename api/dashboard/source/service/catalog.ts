// The catalogue of plug-ins: read once for all views, and how a JSON schema describes a field.
import type { Catalog, Entry } from "./types";
import { type Resource, useResource } from "./resource";

export interface Property {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  anyOf?: Property[];
  items?: Property;
  /** Where a slider makes sense. */
  slider?: { min: number; max: number; step: number };
}

export type Properties = Record<string, Property>;
export const useCatalog = (): Resource<Catalog> => useResource<Catalog>("/v1/catalog");

export const named = (catalog: Catalog, kind: string, name: unknown): Entry | undefined => catalog[kind]?.find((entry) => entry.name === name);

/** The parameters of an entry, without its name. */
export function parameters(entry: Entry | undefined): Properties {
  const { name: _, ...rest } = (entry?.schema.properties ?? {}) as Properties;
  return rest;
}

/** "imbalance_factor" -> "Imbalance factor". */
export function inWords(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The values that a field may have, in words. */
export function range(property: Property): string {
  if (property.enum) return property.enum.join(", ");
  if (property.const !== undefined) return String(property.const);
  if (property.anyOf) return property.anyOf.map(range).join(" or ");
  if (property.type === "array") return `list of ${range(property.items ?? {})}`;
  const low = property.minimum !== undefined ? `≥ ${property.minimum}` : property.exclusiveMinimum !== undefined ? `> ${property.exclusiveMinimum}` : "";
  const high = property.maximum !== undefined ? `≤ ${short(property.maximum)}` : property.exclusiveMaximum !== undefined ? `< ${short(property.exclusiveMaximum)}` : "";
  return [property.type ?? "object", [low, high].filter(Boolean).join(", ")].filter(Boolean).join(" ");
}

const short = (value: number) => (Math.abs(value) >= 1e6 ? value.toExponential(0).replace("+", "") : String(value));
