// What one server believed at a moment: its last answer, corrected by what it has said since.
import { lastAt, type Look, type Row, type Run } from "./run";
import type { Truth } from "./truth";

export type Suspicion = "none" | "PFAIL" | "FAIL";
export interface Peer {
  id: string;
  address: string;
  flags: string[];
  isReplica: boolean;
  follows: string;
  suspicion: Suspicion;
  configEpoch: number;
  link: string;
  slots: string;
}
export interface Belief {
  look: Look;
  peers: Map<string, Peer>;
}

/** "id address flags primary epoch link slots..." */
export function parseRow(row: Row): Peer {
  const [id = "", address = "", flags = "", primary = "-", epoch = "0", link = "-", ...slots] = row.line.split(" ");
  const all = flags.split(",");
  return {
    id,
    address: address === "-" ? "" : address,
    flags: all,
    isReplica: all.includes("slave"),
    follows: primary === "-" ? "" : primary,
    suspicion: all.includes("fail") ? "FAIL" : all.includes("fail?") ? "PFAIL" : "none",
    configEpoch: Number(epoch),
    link,
    slots: slots.join(" "),
  };
}

/** The reply to CLUSTER NODES. */
export function nodesText(look: Look): string {
  return [...look.rows.values()]
    .map((row) => {
      const words = row.line.split(" ");
      return [...words.slice(0, 4), row.ping, row.pong, ...words.slice(4)].join(" ");
    })
    .join("\n");
}

export function lookAt(run: Run, machine: number, at: number): Look | null {
  const looks = run.looks.get(machine) ?? [];
  return looks[lastAt(looks, at)] ?? null;
}

/** Null before the server was first looked at, and for one that never was. */
export function beliefAt(run: Run, machine: number, at: number): Belief | null {
  const look = lookAt(run, machine, at);
  if (look === null) return null;
  const peers = new Map([...look.rows].map(([id, row]) => [id, parseRow(row)]));
  for (let i = lastAt(run.events, at); i >= 0 && run.events[i]!.at > look.at; --i) {
    const event = run.events[i]!;
    if (event.kind !== "SuspicionChanged" || event.machine !== machine) continue;
    const peer = peers.get(event.peer as string);
    if (peer !== undefined) peers.set(peer.id, { ...peer, suspicion: event.to as Suspicion });
  }
  return { look, peers };
}

/** Who holds a node for failed or possibly failed, of those that run. */
export function holders(run: Run, truth: Truth, machine: number, at: number): { pfail: number[]; fail: number[] } {
  const pfail: number[] = [];
  const fail: number[] = [];
  const { id } = truth.nodes[machine]!;
  for (const observer of run.servers) {
    if (observer === machine || !truth.nodes[observer]!.up) continue;
    const held = suspicionOf(run, observer, id, at);
    if (held === "FAIL") fail.push(observer);
    if (held === "PFAIL") pfail.push(observer);
  }
  return { pfail, fail };
}

interface Change {
  at: number;
  to: Suspicion;
}
const suspicions = new WeakMap<Run, Map<string, Change[]>>();
/** As the observer itself last told it; a start of its program wipes the slate. */
export function suspicionOf(run: Run, observer: number, peer: string, at: number): Suspicion {
  let all = suspicions.get(run);
  if (all === undefined) {
    all = new Map();
    for (const event of run.events) {
      if (event.kind === "SuspicionChanged") {
        const key = `${event.machine} ${event.peer as string}`;
        const list = all.get(key);
        const change = { at: event.at, to: event.to as Suspicion };
        if (list === undefined) all.set(key, [change]);
        else list.push(change);
      } else if (event.kind === "MachineStarted") {
        for (const [key, list] of all) if (key.startsWith(`${event.machine} `)) list.push({ at: event.at, to: "none" });
      }
    }
    suspicions.set(run, all);
  }
  const changes = all.get(`${observer} ${peer}`) ?? [];
  return changes[lastAt(changes, at)]?.to ?? "none";
}
