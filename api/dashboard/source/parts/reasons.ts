// Why a run ended as failed or cancelled, in words, and what helps.
interface Words {
  why: string;
  helps?: string;
}

const REASONS: Record<string, Words> = {
  diverged: { why: "the loss became infinite or undefined" },
  out_of_memory: { why: "the device had too little memory" },
  bad_data: { why: "the data set cannot be read", helps: "The message names the file." },
  data_changed: { why: "the data set has other content than when the job was submitted", helps: "Submit a new job for the new data." },
  bad_spec: { why: "the trainer refuses the specification", helps: "Clone and edit the job." },
  bad_checkpoint: { why: "the checkpoint to go on from does not fit", helps: "A retry begins anew." },
  storage_full: { why: "the database or the scratch folder cannot be written", helps: "Delete jobs or free space, then retry." },
  worker_lost: { why: "the worker was lost too many times in a row", helps: "See whether its machine runs out of memory; then retry." },
  error: { why: "an unexpected error" },
  at_rung: { why: "waits at a rung of its search" },
  pruned: { why: "its search let it go no further: others were better at its rung" },
  cancelled_by_user: { why: "somebody cancelled it" },
};

export function reasonWords(reason: string): string {
  return REASONS[reason]?.why ?? reason.replaceAll("_", " ");
}

export const reasonHelp = (reason: string): string | undefined => REASONS[reason]?.helps;
