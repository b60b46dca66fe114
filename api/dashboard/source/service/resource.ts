// What a view shows of the service: read, kept up to date, and told apart when it cannot be read.
import { useEffect, useRef, useState } from "preact/hooks";
import { Away, Problem, get, keyVersion } from "./http";
import { listen, tabs } from "./live";
import type { LiveEvent } from "./live_worker";

export interface Resource<T> {
  /** What was read last; null before the first answer. */
  value: T | null;
  /** Why the last try failed; null where it did not. */
  error: Error | null;
  /** Whether an answer for what is asked now is still to come. */
  loading: boolean;
  refresh: () => void;
}

export interface Options {
  /** Which events make it worth reading again; none where it does not change. */
  about?: (event: LiveEvent) => boolean;
  /** Keep what is shown until the answer to another question is there. */
  keep?: boolean;
}

const GAP_MILLISECONDS = 1500;
const BACK_OFF = [1000, 2000, 4000, 8000, 15_000, 30_000];

/** Events of one job, and those that may be about anything. */
export const ofJob = (id: string) => (event: LiveEvent) => event.job === id || event.event === "reset";
/** Every event. */
export const ofAll = () => true;
/** Events that change what lists show. */
export const ofStates = (event: LiveEvent) => event.event !== "log" && event.event !== "checkpoint";

export function useResource<T>(path: string | null, options: Options = {}): Resource<T> {
  return useReading<T>(path, (signal) => get<T>(path as string, signal), options);
}

/** Reads what `question` names, with `read`; a null question reads nothing. */
export function useReading<T>(question: string | null, read: (signal: AbortSignal) => Promise<T>, options: Options = {}): Resource<T> {
  const [state, setState] = useState<{ question: string | null; value: T | null; error: Error | null; loading: boolean }>({
    question: null,
    value: null,
    error: null,
    loading: question !== null,
  });
  const latest = useRef({ read, options });
  latest.current = { read, options };
  const again = useRef<() => void>(() => undefined);
  const version = keyVersion.value;

  useEffect(() => {
    if (question === null) return undefined;
    const abort = new AbortController();
    let timer = 0;
    let busy = false;
    let stale = false;
    let failures = 0;
    let readAt = 0;

    const settle = (value: Partial<{ value: T | null; error: Error | null }>) => {
      if (!abort.signal.aborted) setState((before) => ({ ...before, question, loading: false, ...value }));
    };
    async function run(): Promise<void> {
      clearTimeout(timer);
      timer = 0;
      if (busy) {
        stale = true;
        return;
      }
      busy = true;
      stale = false;
      readAt = Date.now();
      try {
        const value = await latest.current.read(abort.signal);
        failures = 0;
        settle({ value, error: null });
      } catch (error) {
        if (abort.signal.aborted) return;
        settle({ error: error as Error });
        retryLater(error as Error);
      } finally {
        busy = false;
      }
      if (stale && !timer) soon();
    }
    function retryLater(error: Error): void {
      const passing = error instanceof Away || (error instanceof Problem && error.status === 429);
      if (!passing) return;
      const told = error instanceof Problem && error.retryAfter ? 1000 * error.retryAfter : 0;
      const wait = Math.max(told, BACK_OFF[Math.min(failures, BACK_OFF.length - 1)] ?? 30_000);
      failures += 1;
      timer = window.setTimeout(run, wait);
    }
    function soon(): void {
      if (timer) return;
      const gap = GAP_MILLISECONDS * tabs.value;
      timer = window.setTimeout(run, Math.max(0, readAt + gap - Date.now()));
    }
    again.current = () => void run();
    const deaf = listen((events) => {
      const about = latest.current.options.about;
      if (document.hidden || !about) return;
      if (events.some(about)) soon();
    });
    setState((before) => ({
      question,
      value: latest.current.options.keep || before.question === question ? before.value : null,
      error: null,
      loading: true,
    }));
    void run();
    return () => {
      abort.abort();
      clearTimeout(timer);
      deaf();
    };
  }, [question, version]);

  // Between a new question and its effect, what is shown answers the one before.
  const current = state.question === question || options.keep;
  return {
    value: current ? state.value : null,
    error: current ? state.error : null,
    loading: state.question !== question ? question !== null : state.loading,
    refresh: () => again.current(),
  };
}
