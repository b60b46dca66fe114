// Numbers as the field prints them.
export interface Statistic {
  mean: number | null;
  std: number | null;
  n: number;
}

const NOTHING = "–";

/** 0.0972 -> "9.72". */
export function hundredths(value: number | null | undefined, digits = 2): string {
  return value === null || value === undefined || Number.isNaN(value) ? NOTHING : (100 * value).toFixed(digits);
}

export function percent(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined || Number.isNaN(value) ? NOTHING : `${(100 * value).toFixed(digits)} %`;
}

/** "9.72 ± 0.41", of fractions in percent. */
export function spread(metric: Statistic | null | undefined, digits = 2): string {
  if (!metric || metric.mean === null) return NOTHING;
  return metric.std === null ? hundredths(metric.mean, digits) : `${hundredths(metric.mean, digits)} ± ${hundredths(metric.std, digits)}`;
}

export function number(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || Number.isNaN(value)) return NOTHING;
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return Number(value.toPrecision(digits)).toString();
}

export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, value)) / 10));
  return `${(value / 1024 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

export function ago(text: string, now: number): string {
  const seconds = (now - Date.parse(text)) / 1000;
  if (seconds < -5) return `in ${duration(-seconds)}`;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 14 * 86_400) return `${Math.round(seconds / 86_400)} d ago`;
  return new Date(text).toISOString().slice(0, 10);
}

/** Mean and standard deviation (n - 1) of the values that are there. */
export function statistic(values: (number | null | undefined)[]): Statistic {
  const known = values.filter((value): value is number => value !== null && value !== undefined && !Number.isNaN(value));
  if (!known.length) return { mean: null, std: null, n: 0 };
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  if (known.length < 2) return { mean, std: null, n: 1 };
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / (known.length - 1)), n: known.length };
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
