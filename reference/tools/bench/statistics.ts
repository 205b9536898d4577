/** What a group measured: each figure's unit is in its name. */
export type Figures = Readonly<Record<string, number>>

/** The value below which `share` of the sorted values lie (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}

/** Rounded for people: two decimals. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
