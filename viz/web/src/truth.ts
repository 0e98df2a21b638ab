// What was the case, as against what anybody believed: who ran, who claimed which slots with which epoch, and who
// could reach whom. A list of states, one for each change.
import { ranges } from "./format";
import { type Event, lastAt, type Run } from "./run";

export interface Node {
  up: boolean;
  paused: boolean;
  /** It has said what it is. */
  claimed: boolean;
  isReplica: boolean;
  /** Id of its primary, "" for none. */
  follows: string;
  id: string;
  slots: string;
  configEpoch: number;
  currentEpoch: number;
  ok: boolean;
  why: string;
}
export interface Network {
  plane: string;
  groups: string[][];
  cut: [string, string][];
}
export interface Truth {
  at: number;
  nodes: readonly Node[];
  network: readonly Network[];
  /** Numbers of the faults in force. */
  faults: readonly number[];
}

const nobody: Node = {
  up: false,
  paused: false,
  claimed: false,
  isReplica: false,
  follows: "",
  id: "",
  slots: "",
  configEpoch: 0,
  currentEpoch: 0,
  ok: false,
  why: "",
};

function changed(node: Node, event: Event): Node {
  switch (event.kind) {
    case "MachineStarted":
      return { ...node, up: true, paused: false };
    case "MachineCrashed":
    case "ProgramExited":
      return { ...node, up: false, paused: false, ok: false };
    case "MachinePaused":
      return { ...node, paused: true };
    case "MachineResumed":
      return { ...node, paused: false };
    case "HealthChanged":
      return { ...node, ok: event.ok === 1 || event.ok === true, why: event.why as string };
    case "EpochChanged":
      return { ...node, currentEpoch: event.current_to as number, configEpoch: event.config_to as number };
    case "Claim":
      return {
        ...node,
        up: true,
        claimed: true,
        id: event.id as string,
        isReplica: event.role === "replica",
        follows: event.replica_of as string,
        slots: event.slots as string,
        configEpoch: event.config_epoch as number,
        currentEpoch: event.current_epoch as number,
      };
    default:
      return node;
  }
}

function networkAfter(network: readonly Network[], event: Event): readonly Network[] {
  const others = network.filter((one) => one.plane !== event.plane);
  const groups = event.groups as string[][];
  const cut = event.cut as [string, string][];
  return groups.length === 0 && cut.length === 0
    ? others
    : [...others, { plane: event.plane as string, groups, cut }];
}

export function foldTruth(run: Run): Truth[] {
  const states: Truth[] = [];
  let now: Truth = {
    at: run.start,
    nodes: run.cast.map((info) => ({ ...nobody, id: info.id })),
    network: [],
    faults: [],
  };
  states.push(now);
  for (const event of run.events) {
    const before = now;
    if (event.kind === "Reachability") {
      now = { ...now, network: networkAfter(now.network, event) };
    } else if (event.kind === "FaultBegan") {
      now = { ...now, faults: [...now.faults, event.id as number] };
    } else if (event.kind === "FaultEnded") {
      now = { ...now, faults: now.faults.filter((id) => id !== event.id) };
    } else if (event.machine >= 0) {
      const node = now.nodes[event.machine]!;
      const next = changed(node, event);
      if (next !== node) now = { ...now, nodes: now.nodes.with(event.machine, next) };
    }
    if (now === before) continue;
    now.at = event.at;
    if (states.at(-1)!.at === event.at) states.pop();
    states.push(now);
  }
  return states;
}

export function truthAt(states: readonly Truth[], at: number): Truth {
  return states[Math.max(0, lastAt(states, at))]!;
}

export interface Owned {
  first: number;
  last: number;
  /** The live claimant with the greatest configEpoch; -1: nobody. */
  owner: number;
  /** Live primaries that claim it, the owner included. */
  claimants: number[];
}
export const slotCountMax = 16384;

/** Who owns which slots: runs from slot 0 to the last, neighbours differing. */
export function ownership(nodes: readonly Node[]): Owned[] {
  const claims: { first: number; last: number; machine: number; epoch: number; id: string }[] = [];
  const edges = new Set<number>([0, slotCountMax]);
  nodes.forEach((node, machine) => {
    if (!node.up || !node.claimed || node.isReplica) return;
    for (const [first, last] of ranges(node.slots)) {
      claims.push({ first, last, machine, epoch: node.configEpoch, id: node.id });
      edges.add(first).add(last + 1);
    }
  });
  claims.sort((a, b) => b.epoch - a.epoch || (a.id < b.id ? 1 : -1));
  const cuts = [...edges].sort((a, b) => a - b);
  const runs: Owned[] = [];
  for (let i = 0; i + 1 < cuts.length; ++i) {
    const first = cuts[i]!;
    const last = cuts[i + 1]! - 1;
    const claimants = claims.filter((claim) => claim.first <= first && last <= claim.last).map((c) => c.machine);
    const before = runs.at(-1);
    if (before !== undefined && before.claimants.join() === claimants.join()) before.last = last;
    else runs.push({ first, last, owner: claimants[0] ?? -1, claimants });
  }
  return runs;
}

/** The shard a server belongs to: the planned one of the slots that it, or its primary, has most of. */
export function shardOf(run: Run, truth: Truth, machine: number): number {
  const node = truth.nodes[machine]!;
  const holder = node.isReplica ? run.machineOf.get(node.follows) : machine;
  if (holder === undefined) return run.cast[machine]!.shard;
  const mine = ranges(truth.nodes[holder]!.slots)[0];
  if (mine === undefined) return run.cast[holder]!.shard;
  return homes(run).find((home) => home.first <= mine[0] && mine[0] <= home.last)?.shard ?? run.cast[holder]!.shard;
}

interface Home {
  first: number;
  last: number;
  shard: number;
}
const homesOf = new WeakMap<Run, Home[]>();
/** Where each shard's slots were when it was first claimed. */
function homes(run: Run): Home[] {
  let found = homesOf.get(run);
  if (found === undefined) {
    found = [];
    const seen = new Set<number>();
    for (const event of run.events) {
      if (event.kind !== "Claim" || event.slots === "") continue;
      const { shard } = run.cast[event.machine]!;
      if (shard < 0 || seen.has(shard)) continue;
      seen.add(shard);
      for (const [first, last] of ranges(event.slots as string)) found.push({ first, last, shard });
    }
    homesOf.set(run, found);
  }
  return found;
}

/** Primaries with slots, live or not, and how many of them make a majority. */
export function voters(truth: Truth, run: Run): { all: number[]; quorum: number } {
  const all = run.servers.filter((machine) => {
    const node = truth.nodes[machine]!;
    return node.claimed && !node.isReplica && node.slots !== "";
  });
  return { all, quorum: Math.floor(all.length / 2) + 1 };
}
