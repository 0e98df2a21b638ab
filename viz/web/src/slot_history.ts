// Who owned which slots over time, and how many servers saw it otherwise.
import { parseRow } from "./belief";
import { ranges } from "./format";
import type { Run } from "./run";
import { type Owned, ownership, type Truth } from "./truth";

export interface Stretch {
  from: number;
  to: number;
  owned: Owned[];
}

/** Ownership as it was, a stretch for each time it stayed the same. */
export function ownedHistory(run: Run, truths: readonly Truth[]): Stretch[] {
  const history: Stretch[] = [];
  let last = "";
  for (const truth of truths) {
    const owned = ownership(truth.nodes);
    const words = owned.map((one) => `${one.first}:${one.claimants.join("+")}`).join();
    if (words === last) continue;
    last = words;
    const before = history.at(-1);
    if (before !== undefined) before.to = truth.at;
    history.push({ from: truth.at, to: run.end, owned });
  }
  return history;
}

export interface Doubt {
  from: number;
  to: number;
  /** Runs of slots, and how many servers hold another for the owner than the truth has. */
  slots: { first: number; last: number; unlike: number[] }[];
}

type Map_ = { first: number; last: number; owner: string }[];

function mapOf(lines: readonly string[]): Map_ {
  const map: Map_ = [];
  for (const line of lines) {
    const peer = parseRow({ id: "", line, ping: 0, pong: 0 });
    for (const [first, last] of ranges(peer.slots)) map.push({ first, last, owner: peer.id });
  }
  return map.sort((a, b) => a.first - b.first);
}
const ownerIn = (map: Map_, slot: number) => map.find((one) => one.first <= slot && slot <= one.last)?.owner ?? "";

/** Where views differed from the truth; stretches in which all agree are left out. */
export function doubtHistory(run: Run, truths: readonly Truth[]): Doubt[] {
  const changes: { at: number; machine: number; map: Map_ }[] = [];
  for (const [machine, looks] of run.looks) {
    let last = "";
    for (const look of looks) {
      const lines = [...look.rows.values()].map((row) => row.line);
      const words = lines.join("\n");
      if (words === last) continue;
      last = words;
      changes.push({ at: look.at, machine, map: mapOf(lines) });
    }
  }
  changes.sort((a, b) => a.at - b.at);
  const maps = new Map<number, Map_>();
  const doubts: Doubt[] = [];
  let next = 0;
  const moments = [...new Set([...truths.map((truth) => truth.at), ...changes.map((change) => change.at)])].sort((a, b) => a - b);
  let state = 0;
  moments.forEach((at, i) => {
    for (; next < changes.length && changes[next]!.at <= at; ++next) maps.set(changes[next]!.machine, changes[next]!.map);
    while (state + 1 < truths.length && truths[state + 1]!.at <= at) ++state;
    const truth = truths[state]!;
    const edges = new Set<number>();
    const owned = ownership(truth.nodes);
    for (const one of owned) edges.add(one.first).add(one.last + 1);
    for (const map of maps.values()) for (const one of map) edges.add(one.first).add(one.last + 1);
    const cuts = [...edges].sort((a, b) => a - b);
    const slots: Doubt["slots"] = [];
    for (let k = 0; k + 1 < cuts.length; ++k) {
      const first = cuts[k]!;
      const owner = owned.find((one) => one.first <= first && first <= one.last)?.owner ?? -1;
      if (owner < 0) continue;
      const unlike = [...maps.keys()].filter(
        (machine) => truth.nodes[machine]!.up && ownerIn(maps.get(machine)!, first) !== truth.nodes[owner]!.id,
      );
      if (unlike.length > 0) slots.push({ first, last: cuts[k + 1]! - 1, unlike });
    }
    if (slots.length > 0) doubts.push({ from: at, to: moments[i + 1] ?? run.end, slots });
  });
  return doubts;
}

/** Slots nobody live owned, and slots that more than one claimed, over the whole run. */
export function troubles(history: readonly Stretch[]): { from: number; to: number; uncovered: number; twice: number }[] {
  return history
    .map(({ from, to, owned }) => {
      const count = (which: (one: Owned) => boolean) =>
        owned.filter(which).reduce((sum, one) => sum + one.last - one.first + 1, 0);
      return { from, to, uncovered: count((one) => one.owner < 0), twice: count((one) => one.claimants.length > 1) };
    })
    .filter((one) => one.uncovered > 0 || one.twice > 0);
}
