// A time: relative, absolute on hover.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ago, duration } from "./format";

const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 20_000);

export function Time({ at }: { at: string | null | undefined }) {
  if (!at) return <>–</>;
  return <time dateTime={at} title={new Date(at).toLocaleString()}>{ago(at, now.value)}</time>;
}

/** How long ago, to the second, counted on while it is shown. */
export function Age({ at }: { at: string }) {
  const [seen, see] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && see(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <time dateTime={at} title={new Date(at).toLocaleString()}>{duration((Math.max(seen, Date.now()) - Date.parse(at)) / 1000)} ago</time>;
}
