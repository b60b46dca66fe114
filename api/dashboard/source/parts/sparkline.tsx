// A curve as large as a word.
const WIDTH = 84;
const HEIGHT = 20;

export function Sparkline({ values, label }: { values: number[]; label: string }) {
  if (values.length < 2) return <>–</>;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (i: number) => 1 + ((WIDTH - 2) * i) / (values.length - 1);
  const y = (value: number) => 2 + (HEIGHT - 4) * (high > low ? (high - value) / (high - low) : 0.5);
  return (
    <svg class="sparkline" width={WIDTH} height={HEIGHT} role="img" aria-label={`${label}: from ${(100 * values[0]!).toFixed(1)} to ${(100 * values.at(-1)!).toFixed(1)} %`}>
      <polyline points={values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" ")} fill="none" stroke="currentColor" stroke-width="1.5" />
    </svg>
  );
}
