// Colours that colour-blind people can tell apart (Okabe and Ito), and the patterns that say the same without colour.
export const palette = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6D00", "#7A5BA8"];
export function shardColor(shard: number): string {
  return shard < 0 ? "var(--faint)" : palette[shard % palette.length]!;
}
/** How a fault's window is hatched, by its place among the kinds of the run. */
export const hatches = ["diagonal", "dots", "cross", "vertical", "horizontal"] as const;
export function variable(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
