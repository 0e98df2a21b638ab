// Elections, folded from what servers told: who suspected whom, who stood, who voted and who refused, and how it ended;
// each as phases with the directive that sets their length.
import { type Event, nameOf, type Run } from "./run";

export interface Phase {
  name: string;
  from: number;
  to: number;
  /** What sets its length, as an operator would look for it. */
  setBy: string;
}
export interface Vote {
  at: number;
  voter: number;
  granted: boolean;
  /** Why not; "" for a vote. */
  why: string;
  /** When the candidate counted it. */
  counted: number | null;
}
export interface Election {
  /** Id of the primary whose place is at stake. */
  primary: string;
  candidate: number;
  epoch: number;
  rank: number;
  quorum: number;
  manual: boolean;
  started: number;
  ended: number | null;
  outcome: "won" | "expired" | "open";
  votesCounted: number;
  phases: Phase[];
  votes: Vote[];
  hindrances: { at: number; why: string }[];
  /** When each server's map had the winner as owner. */
  spread: { at: number; machine: number }[];
}

const timeoutOf = (run: Run) => Number(run.document.config["cluster-node-timeout"] ?? 15000);

export function setBy(run: Run, phase: string, rank = 0): string {
  const timeout = timeoutOf(run);
  switch (phase) {
    case "PFAIL":
      return `cluster-node-timeout ${timeout} ms without an answer, seen at the next tick (hz)`;
    case "FAIL":
      return "a majority of primaries must report it; reports travel with pings (every second, at the latest cluster-node-timeout / 2)";
    case "delay":
      return `500 ms + up to 500 ms by chance + 1 s for each rank (rank ${rank}); whether it may stand at all: cluster-replica-validity-factor`;
    case "vote":
      return `at most max(2 × cluster-node-timeout, 2 s) = ${Math.max(2 * timeout, 2000)} ms; tried again after twice that`;
    default:
      return "the winner's PONG to everybody, then every heartbeat";
  }
}

function spreadOf(run: Run, promoted: Event): { at: number; machine: number }[] {
  const id = run.document.cast[promoted.machine]!.id;
  const seen = new Set<number>();
  const spread = [];
  for (const event of run.events) {
    if (event.index < promoted.index || event.kind !== "SlotsRebound" || seen.has(event.machine)) continue;
    if (run.machineOf.get(event.to as string) !== promoted.machine && event.to !== id) continue;
    seen.add(event.machine);
    spread.push({ at: event.at, machine: event.machine });
  }
  return spread;
}

/** The last time this began to hold before `at`, for this primary. */
function beginning(run: Run, primary: string, to: "PFAIL" | "FAIL", at: number): number | null {
  let first: number | null = null;
  for (const event of run.events) {
    if (event.at > at) break;
    if (event.kind !== "SuspicionChanged" || event.peer !== primary) continue;
    if (event.to === to) first ??= event.at;
    if (event.to === "none" && to === "PFAIL") first = null;
  }
  return first;
}

/** When the trouble began: the primary's machine went down or stopped, or the latest fault before the suspicion. */
function troubleBefore(run: Run, primary: string, pfail: number): number | null {
  const machine = run.machineOf.get(primary);
  let found: number | null = null;
  for (const event of run.events) {
    if (event.at > pfail) break;
    const own = event.machine === machine && ["MachineCrashed", "MachinePaused", "ProgramExited"].includes(event.kind);
    if (own || event.kind === "FaultBegan") found = event.at;
  }
  return found;
}

function phasesOf(run: Run, election: Election, scheduled: Event | undefined): Phase[] {
  const phases: Phase[] = [];
  const add = (name: string, from: number | null, to: number | null, key: string) => {
    if (from !== null && to !== null && to >= from) phases.push({ name, from, to, setBy: setBy(run, key, election.rank) });
  };
  const pfail = election.manual ? null : beginning(run, election.primary, "PFAIL", election.started);
  const fail = election.manual ? null : beginning(run, election.primary, "FAIL", election.started);
  add("silence, until somebody suspects it (PFAIL)", pfail && troubleBefore(run, election.primary, pfail), pfail, "PFAIL");
  add("until a majority agrees (FAIL)", pfail, fail, "FAIL");
  if (scheduled !== undefined) {
    add("until the replica knows, and plans to stand", fail, scheduled.at, "FAIL");
    add("the replica waits its turn", scheduled.at, election.started, "delay");
  }
  add(election.outcome === "won" ? "votes are asked for and counted" : "votes are asked for", election.started, election.ended, "vote");
  // Who is down or cut off learns of it when it is back, which says nothing about the election.
  const most = election.spread[Math.ceil((run.servers.length - 1) / 2) - 1] ?? election.spread.at(-1);
  if (most !== undefined) add("the news reaches most servers", election.ended, most.at, "spread");
  return phases;
}

export function foldElections(run: Run): Election[] {
  const elections: Election[] = [];
  const scheduled = new Map<number, Event>();
  const scheduledOf = new Map<Election, Event | undefined>();
  const hindered: Event[] = [];
  const of = (candidate: number, epoch: unknown) =>
    elections.findLast((one) => one.candidate === candidate && one.epoch === epoch);
  for (const event of run.events) {
    switch (event.kind) {
      case "ElectionScheduled":
        scheduled.set(event.machine, event);
        break;
      case "ElectionHindered":
        hindered.push(event);
        break;
      case "ElectionStarted": {
        const election: Election = {
          primary: event.primary as string,
          candidate: event.machine,
          epoch: event.epoch as number,
          rank: event.rank as number,
          quorum: event.quorum as number,
          manual: event.manual === 1,
          started: event.at,
          ended: null,
          outcome: "open",
          votesCounted: 0,
          phases: [],
          votes: [],
          hindrances: [],
          spread: [],
        };
        scheduledOf.set(election, scheduled.get(event.machine));
        elections.push(election);
        break;
      }
      case "VoteGranted":
      case "VoteRefused": {
        const candidate = run.machineOf.get(event.candidate as string);
        const election = candidate === undefined ? undefined : of(candidate, event.epoch);
        const vote = {
          at: event.at,
          voter: event.machine,
          granted: event.kind === "VoteGranted",
          why: event.kind === "VoteGranted" ? "" : (event.why as string),
          counted: null,
        };
        if (election !== undefined) election.votes.push(vote);
        break;
      }
      case "VoteCounted": {
        const election = of(event.machine, event.epoch);
        if (election === undefined) break;
        election.votesCounted = Math.max(election.votesCounted, event.votes as number);
        const voter = run.machineOf.get(event.voter as string);
        const vote = election.votes.findLast((one) => one.voter === voter && one.granted);
        if (vote !== undefined) vote.counted = event.at;
        break;
      }
      case "Promoted": {
        const election = elections.findLast((one) => one.candidate === event.machine && one.ended === null);
        if (election === undefined) break;
        election.ended = event.at;
        election.outcome = "won";
        election.votesCounted = event.votes as number;
        election.spread = spreadOf(run, event);
        break;
      }
      case "ElectionExpired": {
        const election = of(event.machine, event.epoch);
        if (election === undefined) break;
        election.ended = event.at;
        election.outcome = "expired";
        break;
      }
    }
  }
  for (const election of elections) {
    election.phases = phasesOf(run, election, scheduledOf.get(election));
    election.hindrances = hindered
      .filter((event) => event.machine === election.candidate && event.at <= election.started)
      .map((event) => ({ at: event.at, why: event.why as string }));
  }
  return elections;
}

export function electionTitle(run: Run, election: Election): string {
  const who = run.cast[election.candidate]!.name;
  const end = { won: "wins", expired: "runs out of time", open: "is still open" }[election.outcome];
  return `${who} for ${nameOf(run, election.primary)}'s place, epoch ${election.epoch}: ${end}`;
}
