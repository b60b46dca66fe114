// Dialogs: the browser's own, which keeps the focus inside and closes by Esc.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Dialog(properties: { title: string; open: boolean; onClose: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    if (properties.open && !dialog?.open) dialog?.showModal();
    if (!properties.open && dialog?.open) dialog.close();
  }, [properties.open]);
  return (
    <dialog ref={element} aria-label={properties.title} onClose={properties.onClose}>
      {properties.open && (
        <>
          <div class="row spread">
            <h2>{properties.title}</h2>
            <button type="button" class="plain" aria-label="Close" onClick={properties.onClose}>×</button>
          </div>
          {properties.children}
        </>
      )}
    </dialog>
  );
}

interface Question {
  title: string;
  text: string;
  yes: string;
  answer: (yes: boolean) => void;
}
const asked = signal<Question | null>(null);

/** Asks before what cannot be undone. */
export function confirmed(title: string, text: string, yes: string): Promise<boolean> {
  return new Promise((answer) => {
    asked.value = { title, text, yes, answer };
  });
}

export function Confirmation() {
  const question = asked.value;
  const answer = (yes: boolean) => {
    question?.answer(yes);
    asked.value = null;
  };
  return (
    <Dialog title={question?.title ?? "Question"} open={question !== null} onClose={() => answer(false)}>
      <p>{question?.text}</p>
      <div class="row end">
        <button type="button" onClick={() => answer(false)}>No, leave it</button>
        <button type="button" class="primary danger" onClick={() => answer(true)}>{question?.yes}</button>
      </div>
    </Dialog>
  );
}
