// A time: relative, absolute on hover.
import { signal } from "@preact/signals";
import { ago } from "./format";

const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 20_000);

export function Time({ at }: { at: string | null | undefined }) {
  if (!at) return <>–</>;
  return <time dateTime={at} title={new Date(at).toLocaleString()}>{ago(at, now.value)}</time>;
}
