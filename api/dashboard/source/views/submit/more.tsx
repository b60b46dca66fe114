// What is needed less often, folded; it opens by itself where something in it is wrong.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { wrongBelow } from "./checking";

export function More({ title, below, children }: { title: string; below: string[]; children: ComponentChildren }) {
  const element = useRef<HTMLDetailsElement>(null);
  const wrong = wrongBelow(below);
  useEffect(() => {
    if (wrong && element.current) element.current.open = true;
  }, [wrong]);
  return (
    <details ref={element} class="more">
      <summary class="small">{title}</summary>
      {children}
    </details>
  );
}
