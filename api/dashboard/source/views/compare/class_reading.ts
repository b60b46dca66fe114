// Values by class of many sides: one request for each job and epoch, whatever the number of its runs.
import { statistic } from "../../parts/format";
import { get } from "../../service/http";
import type { ClassSeries, Comparison, JobClassMetrics, JobLossVariations, LossVariations } from "../../service/types";
import type { Side } from "./comparison";

export const KINDS = {
  variation: "Relative loss variation",
  accuracy: "Accuracy",
} as const;
export type Kind = keyof typeof KINDS;

type Row = (number | null)[];
/** What one run has: classes, and rows of values by the sign of the samples ("" where there is one kind). */
interface OfRun {
  classes: string[];
  counts: number[];
  rows: Record<string, Row>;
}

export interface SideRow {
  side: Side;
  epoch: number;
  mean: Row;
  std: Row;
}
/** Sides with the same classes, on one axis. */
export interface ClassChart {
  dataset: string;
  sign: string;
  classes: string[];
  counts: number[];
  sides: SideRow[];
}

export const lastEpoch = (answer: Comparison, side: Side): number => answer.sides[side.place]?.epoch ?? 0;

/** The epoch at which a side is shown: the one asked for, or its last where it has no more. */
export function epochOf(answer: Comparison, side: Side, asked: number): number {
  const last = lastEpoch(answer, side);
  return asked > 0 ? Math.min(asked, last) : last;
}

export async function readClasses(answer: Comparison, sides: Side[], kind: Kind, asked: number, multi: boolean, signal: AbortSignal): Promise<ClassChart[]> {
  const trained = sides.filter((side) => epochOf(answer, side, asked) > 0);
  const sources = new Map(trained.map((side) => [source(answer, side, asked), side]));
  const read = await Promise.all([...sources].map(async ([key, side]) => [key, await ofSource(side, epochOf(answer, side, asked), kind, multi, signal)] as const));
  const known = new Map(read);
  const charts = new Map<string, ClassChart>();
  for (const side of trained) {
    const runs = side.runs.flatMap((run) => known.get(source(answer, side, asked))?.get(run) ?? []);
    for (const sign of Object.keys(runs[0]?.rows ?? {})) put(charts, side, sign, runs, epochOf(answer, side, asked));
  }
  return [...charts.values()];
}

const source = (answer: Comparison, side: Side, asked: number) => `${side.run ?? side.job} ${epochOf(answer, side, asked)}`;

function put(charts: Map<string, ClassChart>, side: Side, sign: string, runs: OfRun[], epoch: number): void {
  const { classes, counts } = runs[0]!;
  const order = counts.map((_, c) => c).sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b);
  const key = `${sign} ${counts.join()} ${classes.join("\n")}`;
  const arranged = { dataset: side.dataset, sign, classes: order.map((c) => classes[c] ?? String(c)), counts: order.map((c) => counts[c] ?? 0), sides: [] };
  const chart = charts.get(key) ?? arranged;
  charts.set(key, chart);
  const stats = order.map((c) => statistic(runs.map((run) => run.rows[sign]?.[c])));
  chart.sides.push({ side, epoch, mean: stats.map((each) => each.mean), std: stats.map((each) => each.std) });
}

async function ofSource(side: Side, epoch: number, kind: Kind, multi: boolean, signal: AbortSignal): Promise<Map<string, OfRun>> {
  const name = multi ? "test/average_precision" : "test/accuracy";
  const route = kind === "variation" ? `loss-variations?epoch=${epoch}` : `class-metrics?name=${encodeURIComponent(name)}&epoch=${epoch}`;
  if (side.run) {
    const answer = await get<LossVariations & ClassSeries>(`/v1/runs/${side.run}/${route}`, signal);
    return new Map([[side.run, ofRun(answer, (answer as Record<string, any>)[name])]]);
  }
  const runs = new Map<string, OfRun>();
  let cursor: string | null = "";
  do {
    const next: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const page: JobLossVariations & JobClassMetrics = await get(`/v1/jobs/${side.job}/${route}&limit=1000${next}`, signal);
    for (const item of page.items) runs.set(item.run, ofRun(item, item.values));
    cursor = page.next;
  } while (cursor);
  return runs;
}

type Answered = Pick<LossVariations, "classes" | "class_counts" | "relative_loss_variation" | "positive" | "negative">;

function ofRun(answer: Answered, values: Row[] | undefined): OfRun {
  const rows: Record<string, Row> = {};
  for (const [sign, list] of Object.entries({ "": values ?? answer.relative_loss_variation, positive: answer.positive, negative: answer.negative })) {
    if (list?.[0]) rows[sign] = list[0];
  }
  return { classes: answer.classes, counts: answer.class_counts, rows };
}
