// What stands in the page: the document that the program wrote (version 1, docs/report.md).

export interface MachineInfo {
  name: string;
  kind: "cluster node" | "standalone node" | "client" | "program";
  endpoint: string;
  host: string;
  rack: string;
  zone: string;
  region: string;
  cluster: string;
  shard: number;
  id: string;
  primary: boolean;
  process: boolean;
}
export interface Finding {
  at: number;
  judgement: string;
  what: string;
  row: number;
}
export interface Invariant {
  name: string;
  judgement: "pass" | "fail" | "known-defect" | "unknown" | "not checked";
  excused: boolean;
  claim: string;
  source: string;
  scope: string;
  summary: string;
  finding_count: number;
  findings: Finding[];
}
export interface Fault {
  id: number;
  kind: string;
  text: string;
  began: number;
  ended: number;
  effects: number;
  unit: string;
}
export interface Clients {
  width: number;
  from: number;
  ok: number[];
  failed: number[];
  unknown: number[];
  p50: (number | null)[];
  p99: (number | null)[];
  max: (number | null)[];
  replies: Record<string, number[]>;
  errors: Record<string, number[]>;
}
export interface Step {
  id: string;
  entry: number;
  at: number | null;
}
export type Cell = number | boolean | unknown[] | Record<string, unknown>;
export interface Document {
  slotsim_report: number;
  run: {
    scenario: string;
    case: string;
    file: string;
    why: string;
    seed: string;
    digest: string;
    events: number;
    duration: number;
    end: number;
    forming: number;
    cut_short: string;
    /** What the command line said beside scenario and seed: " --wire --mutate no-demotion". */
    options: string;
    replay: string;
  };
  verdict: {
    headline: string;
    code: number;
    invariants: Invariant[];
    expectations: { text: string; met: boolean; detail: string }[];
    warnings: string[];
    metrics: [string, string][];
  };
  config: Record<string, string>;
  cast: MachineInfo[];
  faults: Fault[];
  timeline: [number, string, number][];
  scenario: Record<string, unknown> | null;
  steps: Step[];
  strings: string[];
  kinds: string[][];
  events: Cell[][];
  events_left_out: number;
  messages: { sent: number[]; took: number[]; from: number[]; to: number[]; label: number[]; left_out: number };
  views: { base: number; looks: [number, number, number, number, number, number, number, number, number[]][] };
  views_cut: boolean;
  clients: Clients | null;
  milestones: [number, number, number, number, number, number, number][];
}

/** Why the page has nothing to show, in a sentence; or the document. */
export function readDocument(text: string): Document | string {
  if (text.trim() === "" || text.includes("slotsim:data"))
    return "This file is the empty template of a report: `slotsim run FILE --report out.html` fills it.";
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return "The data in this file end before they should: it was cut short. Write the report again.";
  }
  if (typeof document !== "object" || document === null || !("slotsim_report" in document))
    return "The data in this file are no slotsim report.";
  const version = (document as Document).slotsim_report;
  if (version !== 1)
    return `The data in this file are of version ${version}, and this page reads version 1: it was put together by hand.`;
  return document as Document;
}
