// What a run's page reads: the run, its job, and the curves of one kind of metric.
import { useMemo } from "preact/hooks";
import { metric } from "../../parts/metrics";
import { get } from "../../service/http";
import type { LiveEvent } from "../../service/live_worker";
import { type Resource, useReading, useResource } from "../../service/resource";
import type { Job, Metrics, Run } from "../../service/types";

/** Events of one run, and those that may be about anything. */
export const ofRun = (id: string, ...kinds: string[]) => (event: LiveEvent) =>
  event.event === "reset" || (event.data.run === id && (!kinds.length || kinds.includes(event.event)));

export function useRun(id: string): Resource<Run> {
  return useResource<Run>(`/v1/runs/${id}`, { about: ofRun(id, "state", "epoch", "rewind") });
}

export function useJobOf(run: Run | null): Resource<Job> {
  return useResource<Job>(run ? `/v1/jobs/${run.job}` : null, { about: (event) => event.event === "state" && event.job === run?.job });
}

export type Curves = Metrics["metrics"];

/** What a metric is about, without its split and group: "top1_error" of "test/top1_error.few". */
export const kindOf = (name: string): string => name.split("/").slice(1).join("/").split(".")[0] ?? name;

/** Names of all metrics of the newest epoch. */
export function useNames(run: Run): string[] {
  const question = run.epoch ? `/v1/runs/${run.id}/metrics?after_epoch=${run.epoch - 1}` : null;
  const names = useResource<Metrics>(question, { keep: true });
  return useMemo(() => Object.keys(names.value?.metrics ?? {}).sort(byImportance), [names.value]);
}

const KINDS = ["top1_error", "mean_average_precision", "loss", "base_loss"];
const place = (name: string) => (KINDS.indexOf(kindOf(name)) + 1 || KINDS.length + 1) * 10 + (name.startsWith("test/") ? 0 : 1);
const byImportance = (a: string, b: string) => place(a) - place(b) || metric(a).title.localeCompare(metric(b).title);

/** Curves by name, read anew for a new attempt and otherwise only where they have grown. */
export function useCurves(run: Run, names: string[]): Resource<Curves> {
  const wanted = names.join(",");
  const kept = useMemo(() => ({ curves: {} as Curves, last: 0 }), [run.id, run.attempt, wanted]);
  const read = async (signal: AbortSignal): Promise<Curves> => {
    if (!wanted) return {};
    const answer = await get<Metrics>(`/v1/runs/${run.id}/metrics?names=${encodeURIComponent(wanted)}&after_epoch=${kept.last}`, signal);
    for (const [name, more] of Object.entries(answer.metrics)) {
      const before = kept.curves[name] ?? { epoch: [], value: [] };
      kept.curves[name] = { epoch: [...before.epoch, ...more.epoch], value: [...before.value, ...more.value] };
      kept.last = Math.max(kept.last, more.epoch.at(-1) ?? 0);
    }
    return { ...kept.curves };
  };
  return useReading(wanted && `${run.id} ${run.attempt} ${wanted}`, read, { about: ofRun(run.id, "epoch"), keep: true });
}
