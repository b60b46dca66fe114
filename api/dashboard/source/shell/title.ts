// The tab's title says where one is.
import { useEffect } from "preact/hooks";

/** Names what a view shows, once it is known. */
export function titled(title: string): void {
  useEffect(() => {
    document.title = `${title} · LPL`;
  }, [title]);
}
