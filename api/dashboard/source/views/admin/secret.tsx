// A secret that is shown once.
import type { ComponentChildren } from "preact";
import { Action } from "../../parts/action";

interface SecretProperties {
  /** What it belongs to. */
  name: string;
  label: string;
  secret: string;
  /** What else is to be known of it. */
  kept: string;
  done: () => void;
  children: ComponentChildren;
}

export function Secret({ name, label, secret, kept, done, children }: SecretProperties) {
  return (
    <div class="stack" role="status">
      <p><strong>{name}</strong>: this is its secret. It is shown now and never again; {kept}</p>
      <div class="row">
        <code class="secret" tabIndex={0} aria-label={label}>{secret}</code>
        <Action primary act={async () => { await copy(secret); return "Copied."; }}>Copy</Action>
      </div>
      <p class="small quiet">{children}</p>
      <div class="row end"><button type="button" onClick={done}>I have kept it</button></div>
    </div>
  );
}

/** The clipboard is for secure addresses only; elsewhere the text is selected for the user to copy. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const shown = document.querySelector(".secret");
  if (shown) getSelection()?.selectAllChildren(shown);
  throw new Error("This browser copies by itself on https only; the secret is selected, press Ctrl+C.");
}
