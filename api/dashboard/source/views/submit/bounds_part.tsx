// LPL's bounds over the classes of the draft's data set, asked again while a slider moves.
import { useEffect, useRef, useState } from "preact/hooks";
import { Bounds } from "../../charts/bounds";
import { send } from "../../service/http";
import type { BoundsAnswer } from "../../service/types";
import { plural } from "../../parts/format";
import { plan as checkedPlan } from "./checking";
import type { Fields } from "./paths";

const GAP_MILLISECONDS = 100;

interface Question {
  class_counts: number[];
  task: string;
  perturbation: Fields;
}

/** The last answer; at most one question every 100 ms, the newest always asked. */
function useBounds(question: Question | null): { bounds: BoundsAnswer | null; error: Error | null } {
  const [state, setState] = useState<{ bounds: BoundsAnswer | null; error: Error | null }>({ bounds: null, error: null });
  const text = question ? JSON.stringify(question) : null;
  const wanted = useRef<string | null>(null);
  const timer = useRef(0);
  const busy = useRef(false);
  useEffect(() => {
    wanted.current = text;
    if (text === null || busy.current) return;
    busy.current = true;
    void run();
  }, [text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  async function run(): Promise<void> {
    const asked = wanted.current;
    try {
      setState({ bounds: await send<BoundsAnswer>("POST", "/v1/bounds", asked as string), error: null });
    } catch (error) {
      setState((last) => ({ ...last, error: error as Error }));
    }
    timer.current = window.setTimeout(() => {
      if (wanted.current !== null && wanted.current !== asked) void run();
      else busy.current = false;
    }, GAP_MILLISECONDS);
  }
  return state;
}

export function BoundsPart({ perturbation, task }: { perturbation: Fields; task: string }) {
  const plan = checkedPlan.value;
  const { bounds, error } = useBounds(plan ? { class_counts: plan.class_counts, task, perturbation } : null);
  const fits = bounds && plan && bounds.order.length === plan.classes.length;
  return (
    <div class="bounds">
      {fits && <Bounds title="LPL's bounds over the classes" classes={plan.classes} counts={bounds.class_counts} order={bounds.order} sign={bounds.sign} epsilon={bounds.epsilon} steps={bounds.steps} tau={bounds.sign.every((sign) => sign === null) ? null : bounds.tau} summary={inWords(bounds)} height={300} />}
      {fits && <p class="quiet small" role="status">{inWords(bounds)}</p>}
      {error && <p class="quiet small" role="status">Not drawn for these values: {error.message}</p>}
      {!fits && !error && <p class="quiet small">Drawn as soon as the data set is chosen.</p>}
    </div>
  );
}

function inWords(bounds: BoundsAnswer): string {
  if (bounds.sign.every((sign) => sign === null)) return `Which way a class goes is decided while training, by how well it is learnt; no bound is above ${Number(bounds.largest_epsilon.toPrecision(3))}.`;
  const head = bounds.sign.filter((sign) => sign === -1).length;
  const tail = bounds.sign.filter((sign) => sign === 1).length;
  return `${plural(head, "head class", "head classes")}: the loss falls (negative augmentation); ${plural(tail, "tail class", "tail classes")}: the loss rises (positive augmentation). The largest bound is ${Number(bounds.largest_epsilon.toPrecision(3))}.`;
}
