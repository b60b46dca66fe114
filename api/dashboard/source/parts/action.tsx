// A button that acts once however often it is pressed, and says what happened.
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { say } from "../shell/notices";
import { confirmed } from "./dialog";

export interface ActionProperties {
  children: ComponentChildren;
  /** Does it; what it returns is said. */
  act: () => Promise<string | void>;
  /** Asked first, where it cannot be undone. */
  ask?: { title: string; text: string; yes: string };
  primary?: boolean;
  disabled?: boolean;
  title?: string;
}

export function Action({ children, act, ask, primary, disabled, title }: ActionProperties) {
  const [busy, setBusy] = useState(false);
  const running = useRef(false);
  async function press(): Promise<void> {
    if (running.current) return;
    running.current = true;
    try {
      if (ask && !(await confirmed(ask.title, ask.text, ask.yes))) return;
      setBusy(true);
      const said = await act();
      if (said) say(said);
    } catch (error) {
      say((error as Error).message, true);
    } finally {
      running.current = false;
      setBusy(false);
    }
  }
  return (
    <button type="button" class={primary ? "primary" : undefined} disabled={disabled} aria-busy={busy} title={title} onClick={press}>
      {children}
    </button>
  );
}
