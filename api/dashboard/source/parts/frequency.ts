/** Classes by how often they are trained on, most frequent first; of equal ones the first stays first. */
export const byFrequency = (counts: number[]): number[] => counts.map((_, c) => c).sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b);
