// What is left of a job or a run at its pace so far.
import { duration } from "./format";

interface Trained {
  state: string;
  started_at?: string | null;
  progress: number;
}

export function secondsLeft({ state, started_at: startedAt, progress }: Trained): number | null {
  if (state !== "running" || !startedAt || progress <= 0.01 || progress >= 1) return null;
  return ((Date.now() - Date.parse(startedAt)) / 1000) * (1 / progress - 1);
}

export function TimeLeft({ of }: { of: Trained }) {
  const left = secondsLeft(of);
  return left === null ? null : <span class="quiet">about {duration(left)} left</span>;
}
