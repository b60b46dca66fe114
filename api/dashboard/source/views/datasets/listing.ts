// All data sets: built-in and registered ones.
import { readAll } from "../../service/pages";
import { type Resource, useReading } from "../../service/resource";
import type { Dataset } from "../../service/types";

export const useDatasets = (): Resource<Dataset[]> => useReading("/v1/datasets", (signal) => readAll<Dataset>("/v1/datasets?limit=1000", signal));

export const TASKS: Record<string, string> = { single_label: "one label each", multi_label: "several labels each" };
