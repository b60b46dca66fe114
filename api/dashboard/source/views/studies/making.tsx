// Sends a study, once for each filling of its form, and goes to it.
import { useMemo, useState } from "preact/hooks";
import { Action } from "../../parts/action";
import { Errors } from "../../parts/states";
import { newKey, send } from "../../service/http";
import type { Study } from "../../service/types";
import { go, to } from "../../shell/address";

export function Make({ body, ready }: { body: Record<string, unknown>; ready: boolean }) {
  const text = JSON.stringify(body);
  const key = useMemo(newKey, [text]);
  const [refused, setRefused] = useState<{ text: string; error: Error } | null>(null);
  async function make(): Promise<string | void> {
    setRefused(null);
    try {
      const study = await send<Study>("POST", "/v1/studies", text, { "Idempotency-Key": key });
      go(to(`/studies/${study.id}`));
      return `${study.name || study.id} is submitted.`;
    } catch (error) {
      setRefused({ text, error: error as Error });
    }
  }
  return (
    <>
      <Errors error={refused?.text === text ? refused.error : null} />
      <div class="row"><Action primary act={make} disabled={!ready}>Make the study</Action></div>
    </>
  );
}
