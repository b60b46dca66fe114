// Mean and standard deviation (n - 1) over seeds.
export function meanAndDeviation(values) {
  const known = values.filter((v) => v !== null && v !== undefined);
  if (!known.length) return { mean: null, deviation: null, n: 0 };
  const mean = known.reduce((sum, v) => sum + v, 0) / known.length;
  if (known.length < 2) return { mean, deviation: null, n: 1 };
  const squares = known.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (known.length - 1)), n: known.length };
}

// Curves {epoch: [...], value: [...]} of several seeds, aligned by epoch.
export function band(curves) {
  const byEpoch = new Map();
  for (const curve of curves) {
    curve.epoch.forEach((epoch, i) => {
      if (!byEpoch.has(epoch)) byEpoch.set(epoch, []);
      byEpoch.get(epoch).push(curve.value[i]);
    });
  }
  const epochs = [...byEpoch.keys()].sort((a, b) => a - b);
  return { epochs, rows: epochs.map((epoch) => meanAndDeviation(byEpoch.get(epoch))) };
}

// Per-class rows of several seeds at one epoch: mean and deviation per class.
export function perClass(rows) {
  const classes = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: classes }, (_, c) => meanAndDeviation(rows.map((row) => row[c])));
}

// Text that a spreadsheet would run as a formula gets an apostrophe in front.
export function csv(header, rows) {
  const cell = (value) => {
    const plain = value === null || value === undefined ? "" : String(value);
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${plain}` : plain;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
}
