// What the picture of a moment shows of each server: as it was, or as one of them believed it to be.
import { beliefAt, holders, type Peer, type Suspicion } from "./belief";
import { slotCount, slots } from "./format";
import { nameOf, type Run } from "./run";
import { ownership, shardOf, type Truth, voters } from "./truth";

export interface Actor {
  machine: number;
  known: boolean;
  up: boolean;
  paused: boolean;
  isReplica: boolean;
  follows: number | null;
  shard: number;
  epoch: number;
  ok: boolean;
  suspicion: Suspicion;
  /** In words: "2 of 5 hold it for failed". */
  heldBy: string;
  slots: string;
  /** Claims slots that another live primary claims with a greater epoch. */
  outranked: number;
  side: number;
}
export interface Side {
  letter: string;
  machines: number[];
  primaries: number;
  hasMajority: boolean;
}
export interface Scene {
  actors: Actor[];
  sides: Side[];
  cut: [number, number][];
  plane: string;
}

function sidesOf(run: Run, truth: Truth): { sides: Side[]; cut: [number, number][]; plane: string } {
  const byName = new Map(run.cast.map((info, machine) => [info.name, machine]));
  const network = truth.network.find((one) => one.plane === "all") ?? truth.network.find((one) => one.plane === "bus") ?? truth.network[0];
  if (network === undefined) return { sides: [], cut: [], plane: "" };
  const { all, quorum } = voters(truth, run);
  const sides = network.groups
    .map((group) => group.map((name) => byName.get(name) ?? -1).filter((machine) => run.servers.includes(machine)))
    .filter((group) => group.length > 0)
    .map((machines, i) => {
      const primaries = machines.filter((machine) => all.includes(machine) && truth.nodes[machine]!.up).length;
      return { letter: String.fromCharCode(65 + i), machines, primaries, hasMajority: primaries >= quorum };
    });
  const cut = network.cut
    .map(([a, b]): [number, number] => [byName.get(a) ?? -1, byName.get(b) ?? -1])
    .filter(([a, b]) => run.servers.includes(a) && run.servers.includes(b));
  return { sides: sides.length > 1 ? sides : [], cut, plane: network.plane };
}

function believed(run: Run, truth: Truth, machine: number, peer: Peer | undefined): Partial<Actor> {
  if (peer === undefined) return { known: false, suspicion: "none", heldBy: "not known here" };
  return {
    known: true,
    isReplica: peer.isReplica,
    follows: run.machineOf.get(peer.follows) ?? null,
    epoch: peer.configEpoch,
    suspicion: peer.suspicion,
    heldBy: peer.suspicion === "none" ? "" : `held for ${peer.suspicion}`,
    slots: peer.isReplica ? "" : slots(peer.slots),
    outranked: 0,
    shard: shardOf(run, truth, machine),
  };
}

export function sceneAt(run: Run, truth: Truth, at: number, viewer: number | null): Scene {
  const { sides, cut, plane } = sidesOf(run, truth);
  const owned = ownership(truth.nodes);
  const live = run.servers.filter((machine) => truth.nodes[machine]!.up);
  const belief = viewer === null ? null : beliefAt(run, viewer, at);
  const actors = run.servers.map((machine): Actor => {
    const node = truth.nodes[machine]!;
    const { pfail, fail } = holders(run, truth, machine, at);
    const others = live.filter((one) => one !== machine).length;
    const heldBy = [
      fail.length > 0 ? `FAIL to ${fail.length}/${others}` : "",
      pfail.length > 0 ? `PFAIL to ${pfail.length}/${others}` : "",
    ]
      .filter((word) => word !== "")
      .join(", ");
    const outranked = owned
      .filter((run_) => run_.claimants.includes(machine) && run_.owner !== machine)
      .reduce((sum, { first, last }) => sum + last - first + 1, 0);
    const actor: Actor = {
      machine,
      known: true,
      up: node.up,
      paused: node.paused,
      isReplica: node.claimed ? node.isReplica : !run.cast[machine]!.primary,
      follows: run.machineOf.get(node.follows) ?? null,
      shard: shardOf(run, truth, machine),
      epoch: node.configEpoch,
      ok: node.ok,
      suspicion: fail.length > 0 ? "FAIL" : pfail.length > 0 ? "PFAIL" : "none",
      heldBy,
      slots: node.isReplica ? "" : slots(node.slots),
      outranked,
      side: sides.findIndex((side) => side.machines.includes(machine)),
    };
    return belief === null ? actor : { ...actor, ...believed(run, truth, machine, belief.peers.get(node.id)) };
  });
  return { actors, sides, cut, plane };
}

export function describeActor(run: Run, actor: Actor): string {
  const words = [run.cast[actor.machine]!.name];
  if (!actor.known) return `${words[0]}: not known`;
  words.push(actor.isReplica ? `replica of ${actor.follows === null ? "nobody" : run.cast[actor.follows]!.name}` : "primary");
  if (actor.slots !== "" && actor.slots !== "none") words.push(`slots ${actor.slots}`);
  words.push(`configEpoch ${actor.epoch}`);
  if (!actor.up) words.push("down");
  if (actor.paused) words.push("paused");
  if (actor.up && !actor.ok) words.push("cluster state fail");
  if (actor.heldBy !== "") words.push(actor.heldBy);
  if (actor.outranked > 0) words.push(`${actor.outranked} slots claimed by another with a greater epoch`);
  return words.join(", ");
}

export { nameOf, slotCount };
