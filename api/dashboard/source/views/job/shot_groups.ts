// Where many, medium and few begin and end in the order of classes.
import { useResource } from "../../service/resource";
import type { DatasetDetail, Job } from "../../service/types";

export interface Group {
  name: string;
  from: number;
  to: number;
}

const MANY_ABOVE = 100;
const FEW_BELOW = 20;

/** The thresholds of the job's data set; the usual ones where it is not on this machine. */
export function useShotGroups(job: Job, sortedCounts: number[]): Group[] {
  const dataset = useResource<DatasetDetail>(`/v1/datasets/${encodeURIComponent(job.dataset)}`);
  const many = dataset.value?.many_above ?? MANY_ABOVE;
  const few = dataset.value?.few_below ?? FEW_BELOW;
  const endOfMany = sortedCounts.filter((count) => count > many).length;
  const startOfFew = sortedCounts.filter((count) => count >= few).length;
  return [
    { name: "many", from: 0, to: endOfMany },
    { name: "medium", from: endOfMany, to: startOfFew },
    { name: "few", from: startOfFew, to: sortedCounts.length },
  ].filter((group) => group.to > group.from);
}
