// The service's answers, by short names. The document they are written from is docs/openapi.json.
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Job = Schemas["JobAnswer"];
export type JobItem = Schemas["JobItem"];
export type JobList = Schemas["JobList"];
export type PointSummary = Schemas["PointSummary"];
export type Run = Schemas["RunAnswer"];
export type RunList = Schemas["RunList"];
export type Spread = Schemas["Spread"];
export type State = Schemas["State"];
export type Validation = Schemas["Validation"];
export type Dataset = Schemas["DatasetAnswer"];
export type DatasetDetail = Schemas["DatasetDetail"];
export type Worker = Schemas["WorkerAnswer"];
export type Queue = Schemas["QueueAnswer"];
export type Key = Schemas["KeyAnswer"];
export type KeyList = Schemas["KeyList"];
export type Webhook = Schemas["WebhookAnswer"];
export type WebhookEvent = Schemas["WebhookEvent"];
export type Delivery = Schemas["DeliveryAnswer"];
export type AuditLine = Schemas["AuditLine"];
export type AuditList = Schemas["AuditList"];
export type Checkpoint = Schemas["CheckpointAnswer"];
export type CheckpointList = Schemas["CheckpointList"];
export type PredictionList = Schemas["PredictionList"];
export type HistoryEntry = Schemas["HistoryEntry"];
export type History = Schemas["History"];
export type LogEntry = Schemas["LogEntry"];
export type LogList = Schemas["LogList"];
export type Metrics = Schemas["Metrics"];
export type WorkerList = Schemas["WorkerList"];
export type JobMetrics = Schemas["JobMetrics"];
export type JobLossVariations = Schemas["JobLossVariations"];
export type JobClassMetrics = Schemas["JobClassMetrics"];
export type LossVariations = Schemas["LossVariations"];
export type RunCalibration = Schemas["RunCalibration"];
export type MostWrong = Schemas["MostWrong"];
export type WrongExample = Schemas["WrongExample"];
export type ShownExamples = Schemas["ShownExamples"];
export type ConfusionMatrix = Schemas["ConfusionMatrix"];
export type ConfusionEntries = Schemas["ConfusionEntries"];
export type Pair = Omit<Schemas["PairAnswer"], "confidence_interval"> & { confidence_interval: [number, number] | null };
export type Comparison = Omit<Schemas["Comparison"], "pairs"> & { pairs: Pair[] };
export type ClassSeries = Schemas["ClassSeries"];
export type Theory = Schemas["TheoryAnswer"];
export type TheoryCurve = Schemas["CurveAnswer"];
export type BoundsAnswer = Schemas["BoundsAnswer"];

/** A plug-in or method of the catalogue. */
export interface Entry {
  name: string;
  title: string;
  citation: string;
  description: string;
  tasks: string[];
  schema: Record<string, unknown>;
  formula?: string;
  effect?: string;
  advice?: string;
}
export type Catalog = Record<string, Entry[]>;

/** A search's trial: one point, one run. */
export type Trial = Schemas["TrialAnswer"];
export type Search = Schemas["SearchAnswer"];
export type StudyItem = Schemas["StudyItem"];
export type StudyColumn = Schemas["StudyColumn"];
export type StudyCell = Schemas["StudyCell"];
export type StudyRow = Schemas["StudyRow"];
/** A difference of two methods, paired by seed, that an answer rests on. */
export type FoundPair = Pick<Pair, "metric" | "difference" | "confidence_interval" | "n" | "decided"> & { a: string; b: string; p_value: number };
export interface Finding {
  text: string;
  spec: Record<string, unknown> | null;
  pairs: FoundPair[];
  winner?: { label: string; point: Record<string, unknown> } | null;
}
export type Study = Omit<Schemas["StudyAnswer"], "answer"> & { answer: Finding | null };
