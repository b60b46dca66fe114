// All data sets: built-in and registered ones.
import { get } from "../../service/http";
import { type Resource, useReading } from "../../service/resource";
import type { Dataset } from "../../service/types";

interface Page {
  items: Dataset[];
  next: string | null;
}

async function readAll(signal: AbortSignal): Promise<Dataset[]> {
  const items: Dataset[] = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const page: Page = await get<Page>(`/v1/datasets?limit=1000${after}`, signal);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return items;
}

export const useDatasets = (): Resource<Dataset[]> => useReading("/v1/datasets", readAll);

export const TASKS: Record<string, string> = { single_label: "one label each", multi_label: "several labels each" };
