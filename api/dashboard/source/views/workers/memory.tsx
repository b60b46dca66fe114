// The memory of a worker's device: how much is free, and how much is taken as a bar.
import { bytes } from "../../parts/format";
import type { Worker } from "../../service/types";

export function Memory({ worker }: { worker: Worker }) {
  const total = worker.memory_total_bytes;
  const free = worker.memory_free_bytes;
  if (total === null) return <span class="quiet">not known</span>;
  if (free === null) return <>{bytes(total)} <span class="quiet">in all</span></>;
  return (
    <span class="progress">
      <progress max={total} value={total - free} aria-label={`memory of ${worker.device} of ${worker.hostname} that is taken`} />
      <span>{freeOf(free, total)}</span>
    </span>
  );
}

/** "12.1 of 79 GiB free": in the unit of the whole, which shows a decimal only where it is small. */
function freeOf(free: number, total: number): string {
  const power = Math.max(0, Math.min(4, Math.floor(Math.log2(Math.max(1, total)) / 10)));
  const size = 1024 ** power;
  const whole = total / size;
  return `${(free / size).toFixed(1)} of ${whole.toFixed(whole < 10 ? 1 : 0)} ${bytes(total).split(" ")[1]} free`;
}
