// Words for times, numbers and slots, as the program itself prints them.

/** "18.514s"; microseconds in. Rounded down to milliseconds, as the terminal does. */
export function time(us: number): string {
  const ms = Math.trunc(us / 1000);
  const size = Math.abs(ms);
  return `${ms < 0 ? "-" : ""}${Math.floor(size / 1000)}.${String(size % 1000).padStart(3, "0")}s`;
}

/** "958 ms", "1.203 s", "500 µs". */
export function duration(us: number): string {
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 1_000_000) return `${Number((us / 1000).toFixed(us < 10_000 ? 1 : 0))} ms`;
  return `${(us / 1_000_000).toFixed(3)} s`;
}

/** Microseconds of "12.431s", "12.431" or "400ms"; null if it is none. */
export function parseTime(text: string): number | null {
  const match = /^\s*(-?\d+(?:\.\d+)?)\s*(s|ms|us)?\s*$/.exec(text);
  if (match === null) return null;
  const unit = match[2] === "ms" ? 1e3 : match[2] === "us" ? 1 : 1e6;
  return Math.round(Number(match[1]) * unit);
}

export function plural(count: number, word: string): string {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : word.endsWith("s") ? "es" : "s"}`;
}

export type Range = readonly [number, number];
const parsed = new Map<string, Range[]>();

/** "0-5460 10922" as ranges, both ends included. Open slots ("[5-<-id]") are no part of them. */
export function ranges(text: string): Range[] {
  let found = parsed.get(text);
  if (found === undefined) {
    found = [];
    for (const part of text.split(" ")) {
      const match = /^(\d+)(?:-(\d+))?$/.exec(part);
      if (match !== null) found.push([Number(match[1]), Number(match[2] ?? match[1])]);
    }
    parsed.set(text, found);
  }
  return found;
}

export function slotCount(text: string): number {
  return ranges(text).reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** At most three ranges, and how many slots there are in all. */
export function slots(text: string): string {
  const all = ranges(text);
  if (all.length === 0) return "none";
  if (all.length <= 3) return all.map(([a, b]) => (a === b ? `${a}` : `${a}–${b}`)).join(", ");
  return `${all[0]![0]}–${all[0]![1]}, … (${all.length} ranges, ${slotCount(text).toLocaleString("en")} slots)`;
}
