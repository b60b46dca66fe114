// The states of runs and jobs, with their signs: a state is never told by colour alone.
export const STATES = ["queued", "running", "paused", "succeeded", "failed", "cancelled"];
/** Why a run is paused that its search holds back; nobody resumes it by hand. */
export const atRung = ({ reason }: { reason?: string | null }): boolean => reason === "at_rung";
export const ENDED = ["succeeded", "failed", "cancelled"];
export const SIGNS: Record<string, string> = { succeeded: "✓", failed: "✕", running: "▶", queued: "…", paused: "⏸", cancelled: "⊘" };
