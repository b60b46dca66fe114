// What may be asked of a job or a study in each state, and what each request is called.
export const REQUESTS: Record<string, [string, string][]> = {
  queued: [["pause", "Pause"], ["cancel", "Cancel"]],
  running: [["pause", "Pause"], ["cancel", "Cancel"]],
  paused: [["resume", "Resume"], ["cancel", "Cancel"]],
  failed: [["retry", "Retry failed"]],
  cancelled: [["retry", "Retry"]],
  succeeded: [],
};
export const SAID: Record<string, string> = { pause: "Pause", cancel: "Cancel", resume: "Resume", retry: "Retry" };
