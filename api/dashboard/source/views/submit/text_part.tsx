// The same experiment as text: YAML or JSON, both ways.
import { useState } from "preact/hooks";
import { parse } from "yaml";
import { draft, edit } from "./draft";
import { elsewhere, errors } from "./checking";
import { type Fields, isFields, same } from "./paths";
import { yaml } from "./sent";

/** A specification, or why the text is none. */
export function understood(text: string): { spec: Fields | null; problem: string | null } {
  try {
    const spec: unknown = parse(text, { maxAliasCount: 20 });
    if (isFields(spec)) return { spec, problem: null };
    return { spec: null, problem: "A specification is a mapping with at least `dataset`." };
  } catch (error) {
    return { spec: null, problem: `This is neither YAML nor JSON: ${(error as Error).message.split("\n")[0]}` };
  }
}

export function TextPart() {
  const [json, setJson] = useState(false);
  const [kept, setKept] = useState<string | null>(draft.value.text);
  const { spec } = draft.value;
  const written = json ? `${JSON.stringify(spec, null, 2)}\n` : yaml(spec);
  // What one types stays as it is while it means the draft, or nothing yet.
  const text = draft.value.text ?? (kept !== null && same(understood(kept).spec, spec) ? kept : written);
  const { problem } = understood(text);
  const type = (typed: string) => {
    setKept(typed);
    const next = understood(typed).spec;
    if (next) edit(next);
    else draft.value = { ...draft.value, text: typed };
  };
  return (
    <section class="panel">
      <div class="row spread">
        <label for="spec-text"><h2>Specification</h2></label>
        <label class="row small">
          Write it as
          <select value={json ? "json" : "yaml"} onChange={(event) => { setJson(event.currentTarget.value === "json"); setKept(null); }}>
            <option value="yaml">YAML</option>
            <option value="json">JSON</option>
          </select>
        </label>
      </div>
      <textarea id="spec-text" class="spec" spellcheck={false} value={text} aria-invalid={problem !== null || undefined} aria-describedby="spec-said" onInput={(event) => type(event.currentTarget.value)} />
      <div id="spec-said">
        {problem && <p class="errors" role="alert">{problem} The form keeps what was last understood.</p>}
        {!problem && errors.value.length > elsewhere.value.length && <p class="quiet small">Errors are listed beside.</p>}
      </div>
    </section>
  );
}
