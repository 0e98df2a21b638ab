// Small runs to test with, written down as a person would tell them.
import type { Document, MachineInfo } from "../src/document";
import { decode, type Run } from "../src/run";

export const ids = ["a", "b", "c", "d"].map((letter) => letter.repeat(40));
export const halves = ["0-8191", "8192-16383"];

function machine(name: string, index: number): MachineInfo {
  return {
    name,
    kind: "cluster node",
    endpoint: `10.0.0.${index + 1}:6379`,
    host: "",
    rack: "",
    zone: index % 2 === 0 ? "a" : "b",
    region: "",
    cluster: "",
    shard: index % 2,
    id: ids[index]!,
    primary: index < 2,
    process: false,
  };
}

/** m1 and m2 own a half each; m3 and m4 are their replicas. */
export function emptyDocument(): Document {
  return {
    slotsim_report: 1,
    run: {
      scenario: "sample",
      case: "",
      file: "sample.json",
      why: "",
      seed: "1",
      digest: "00",
      events: 0,
      duration: 60_000_000,
      end: 60_000_000,
      forming: 0,
      cut_short: "",
      options: "",
      replay: "sim/run sample.json --seed 1",
    },
    verdict: { headline: "PASS", code: 0, invariants: [], expectations: [], warnings: [], metrics: [] },
    config: { "cluster-node-timeout": "5000" },
    cast: ["m1", "m2", "m3", "m4"].map(machine),
    faults: [],
    timeline: [],
    scenario: null,
    steps: [],
    strings: [],
    kinds: [],
    events: [],
    events_left_out: 0,
    messages: { sent: [], took: [], from: [], to: [], label: [], left_out: 0 },
    views: { base: 0, looks: [] },
    views_cut: false,
    clients: null,
    milestones: [],
  };
}

export type Told = [at: number, machine: number, kind: string, fields: Record<string, string | number | unknown[]>];

export function withEvents(told: Told[], document = emptyDocument()): Document {
  const text = (word: string) => {
    let index = document.strings.indexOf(word);
    if (index < 0) index = document.strings.push(word) - 1;
    return index;
  };
  let last = 0;
  for (const [at, machineNumber, kind, fields] of told) {
    const names = Object.entries(fields).map(([name, value]) => `${name}:${typeof value === "string" ? "t" : typeof value === "number" ? "n" : "j"}`);
    let kindNumber = document.kinds.findIndex((one) => one[0] === kind);
    if (kindNumber < 0) kindNumber = document.kinds.push([kind, ...names]) - 1;
    document.events.push([at - last, machineNumber, kindNumber, ...Object.values(fields).map((value) => (typeof value === "string" ? text(value) : value))]);
    last = at;
  }
  return document;
}

export function claim(at: number, index: number, slots: string, epoch: number, replicaOf = ""): Told {
  return [
    at,
    index,
    "Claim",
    { id: ids[index]!, role: replicaOf === "" ? "primary" : "replica", replica_of: replicaOf, slots, config_epoch: epoch, current_epoch: epoch },
  ];
}

export const formed: Told[] = [
  claim(0, 0, halves[0]!, 1),
  claim(0, 1, halves[1]!, 2),
  claim(0, 2, "", 1, ids[0]!),
  claim(0, 3, "", 2, ids[1]!),
];

export function runOf(told: Told[]): Run {
  return decode(withEvents([...formed, ...told]));
}
