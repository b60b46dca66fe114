// A formula written in TeX, set as MathML; its code is fetched with the first one.
import { useEffect, useRef } from "preact/hooks";

export function Formula({ tex, inline }: { tex: string; inline?: boolean }) {
  const target = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let gone = false;
    import("temml").then(
      ({ default: temml }) => {
        // Rendered into the node: text with style attributes would break the content policy.
        if (!gone && target.current) temml.render(tex, target.current, { displayMode: !inline, throwOnError: false, annotate: false });
      },
      () => {
        if (!gone && target.current) target.current.textContent = tex;
      },
    );
    return () => {
      gone = true;
    };
  }, [tex, inline]);
  return <div ref={target} class="formula" tabIndex={0} role="group" aria-label="Formula" />;
}
