// Names of metrics in words, and which way is better.
export interface Metric {
  name: string;
  title: string;
  /** Whether it is a fraction, shown in percent. */
  fraction: boolean;
  /** Whether less is better. */
  lower: boolean;
}

const TITLES: Record<string, string> = {
  "top1_error": "error",
  "mean_average_precision": "mean average precision",
  "loss": "loss",
  "base_loss": "loss before perturbation",
  "learning_rate": "learning rate",
  "examples_per_second": "examples per second",
  "micro_f1": "micro F1",
  "macro_f1": "macro F1",
  "ranking_loss": "ranking loss",
  "balanced_accuracy": "balanced accuracy",
  "calibration_error": "expected calibration error",
  "expected_calibration_error": "expected calibration error",
};
const SPLITS: Record<string, string> = { train: "Training", validation: "Validation", test: "Test" };
const GROUPS: Record<string, string> = { many: "many-shot classes", medium: "medium-shot classes", few: "few-shot classes", at_best_validation: "at the best validation epoch", temperature: "by the temperature" };
const NOT_FRACTIONS = /loss|learning_rate|per_second|count|seconds|temperature/;

export const ERROR = "test/top1_error";
export const PRECISION = "test/mean_average_precision";

export function metric(name: string): Metric {
  const [split = "", rest = ""] = name.split("/");
  const [what = "", group] = rest.split(".");
  const title = `${SPLITS[split] ?? split} ${TITLES[what] ?? what.replaceAll("_", " ")}${group ? `, ${GROUPS[group] ?? group.replaceAll("_", " ")}` : ""}`;
  return { name, title, fraction: !NOT_FRACTIONS.test(what), lower: /error|loss/.test(what) };
}

/** The main metric among those there are. */
export function mainMetric(names: Iterable<string>): string {
  return [...names].includes(PRECISION) ? PRECISION : ERROR;
}
