// The document, decoded: events with names, messages as columns, milestones, and what servers believed.
import type { Document, MachineInfo } from "./document";

export interface Event {
  index: number;
  at: number;
  machine: number;
  kind: string;
  [field: string]: unknown;
}
export interface Milestone {
  at: number;
  name: string;
  machine: number;
  by: number;
  shard: number;
  notable: boolean;
  text: string;
}
export interface Message {
  index: number;
  sent: number;
  /** null: it never arrived. */
  arrived: number | null;
  from: number;
  to: number;
  label: string;
}
/** A line of CLUSTER NODES, as a server has it. */
export interface Row {
  id: string;
  line: string;
  ping: number;
  pong: number;
}
export interface Look {
  at: number;
  machine: number;
  ok: boolean;
  writable: boolean;
  /** The lines are what the server would answer to CLUSTER NODES. */
  exact: boolean;
  replicationUp: boolean;
  currentEpoch: number;
  configEpoch: number;
  lastVoteEpoch: number;
  keys: number;
  offset: number;
  rows: ReadonlyMap<string, Row>;
}
export interface Run {
  document: Document;
  cast: MachineInfo[];
  /** Machines that are servers of a cluster, by number. */
  servers: number[];
  events: Event[];
  milestones: Milestone[];
  messages: Message[];
  /** By machine, in order of time. */
  looks: Map<number, Look[]>;
  start: number;
  end: number;
  machineOf: Map<string, number>;
}

function decodeEvents(document: Document): Event[] {
  const kinds = document.kinds.map(([kind, ...fields]) => ({
    kind: kind!,
    fields: fields.map((field) => ({ name: field.slice(0, -2), isText: field.endsWith(":t") })),
  }));
  let at = 0;
  return document.events.map((row, index) => {
    at += row[0] as number;
    const { kind, fields } = kinds[row[2] as number]!;
    const event: Event = { index, at, machine: row[1] as number, kind };
    fields.forEach(({ name, isText }, i) => {
      const cell = row[3 + i];
      event[name] = isText ? document.strings[cell as number] : cell;
    });
    return event;
  });
}

function decodeMessages(document: Document): Message[] {
  const { sent, took, from, to, label } = document.messages;
  let at = 0;
  return sent.map((step, index) => {
    at += step;
    const way = took[index]!;
    return {
      index,
      sent: at,
      arrived: way < 0 ? null : at + way,
      from: from[index]!,
      to: to[index]!,
      label: document.strings[label[index]!]!,
    };
  });
}

function decodeLooks(document: Document): Map<number, Look[]> {
  const looks = new Map<number, Look[]>();
  const base = document.views.base;
  const absolute = (ms: number) => (ms === 0 ? 0 : ms < 0 ? base + ms + 1 : base + ms);
  let at = 0;
  for (const [step, machine, bits, current, config, vote, keys, offset, cells] of document.views.looks) {
    at += step;
    let all = looks.get(machine);
    if (all === undefined) looks.set(machine, (all = []));
    const rows = new Map((bits & 16) !== 0 ? [] : all.at(-1)?.rows);
    for (let i = 0; i < cells.length; i += 4) {
      const id = document.strings[cells[i]!]!;
      const line = document.strings[cells[i + 1]!]!;
      rows.set(id, { id, line, ping: absolute(cells[i + 2]!), pong: absolute(cells[i + 3]!) });
    }
    all.push({
      at,
      machine,
      ok: (bits & 1) !== 0,
      writable: (bits & 2) !== 0,
      exact: (bits & 4) !== 0,
      replicationUp: (bits & 8) !== 0,
      currentEpoch: current,
      configEpoch: config,
      lastVoteEpoch: vote,
      keys,
      offset,
      rows,
    });
  }
  return looks;
}

export function decode(document: Document): Run {
  const events = decodeEvents(document);
  const machineOf = new Map<string, number>();
  document.cast.forEach((info, machine) => {
    if (info.id !== "") machineOf.set(info.id, machine);
  });
  for (const event of events) {
    if (event.kind === "Claim" || event.kind === "NodeStarted") machineOf.set(event.id as string, event.machine);
  }
  return {
    document,
    cast: document.cast,
    servers: document.cast.flatMap((info, machine) => (info.kind === "cluster node" ? [machine] : [])),
    events,
    milestones: document.milestones.map(([at, name, machine, by, shard, notable, text]) => ({
      at,
      name: document.strings[name]!,
      machine,
      by,
      shard,
      notable: notable === 1,
      text: document.strings[text]!,
    })),
    messages: decodeMessages(document),
    looks: decodeLooks(document),
    start: Math.min(0, events[0]?.at ?? 0),
    end: Math.max(document.run.end, events.at(-1)?.at ?? 0, 1),
    machineOf,
  };
}

/** The name of a node by its id; the first eight characters of the id if nobody is known by it. */
export function nameOf(run: Run, id: string): string {
  const machine = run.machineOf.get(id);
  return machine === undefined ? id.slice(0, 8) : run.cast[machine]!.name;
}

export function machineName(run: Run, machine: number): string {
  return run.cast[machine]?.name ?? "nobody";
}

/** Index of the last element whose `at` is not after `at`; -1 if there is none. */
export function lastAt(list: readonly { at: number }[], at: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.at <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export interface Violation {
  at: number;
  invariant: string;
  what: string;
}

/** Findings in order of time; those that the scenario does not expect come first. */
export function violations(run: Run): Violation[] {
  const found: (Violation & { excused: boolean })[] = [];
  for (const invariant of run.document.verdict.invariants) {
    if (invariant.judgement !== "fail" && invariant.judgement !== "known-defect") continue;
    for (const { at, what } of invariant.findings)
      found.push({ at, what, invariant: invariant.name, excused: invariant.excused });
  }
  return found.sort((a, b) => Number(a.excused) - Number(b.excused) || a.at - b.at);
}

/** Whom a report opens with: the first server that the violation names, else the one that was promoted. */
export function openingNode(run: Run): number | null {
  const [first] = violations(run);
  if (first !== undefined) {
    const named = first.what.split(/[^\w-]+/).map((word) => run.cast.findIndex((info) => info.name === word));
    return named.find((machine) => run.servers.includes(machine)) ?? null;
  }
  return run.milestones.find((milestone) => milestone.name === "promoted" && milestone.at > 0)?.machine ?? null;
}

/** How long news of a promotion travels: a server that is told later has missed it. Microseconds. */
const newsTravels = 100_000;

/**
 * Where a report opens: at the violation, else when a server first took over and the others have taken notice, else at
 * the first fault.
 */
export function openingMoment(run: Run): number {
  const [first] = violations(run);
  if (first !== undefined) return first.at;
  const promoted = run.milestones.find((milestone) => milestone.name === "promoted" && milestone.at > 0);
  if (promoted === undefined) return run.document.faults[0]?.began ?? 0;
  const noticed = run.events.findLast(
    ({ kind, ok, at }) =>
      kind === "HealthChanged" && (ok === 1 || ok === true) && at >= promoted.at && at <= promoted.at + newsTravels,
  );
  return noticed?.at ?? promoted.at;
}
