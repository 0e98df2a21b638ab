import { expect, test } from "vitest";
import { foldTruth, ownership, shardOf, truthAt, voters } from "../src/truth";
import { claim, halves, ids, runOf } from "./sample";

const crash = (at: number, machine: number): [number, number, string, Record<string, number>] => [at, machine, "MachineCrashed", { power_lost: 1 }];

test("a slot belongs to the live claimant with the greatest configEpoch", () => {
  const run = runOf([claim(10, 2, halves[0]!, 3)]);
  const truths = foldTruth(run);
  expect(ownership(truthAt(truths, 9).nodes)).toEqual([
    { first: 0, last: 8191, owner: 0, claimants: [0] },
    { first: 8192, last: 16383, owner: 1, claimants: [1] },
  ]);
  expect(ownership(truthAt(truths, 10).nodes)[0]).toEqual({ first: 0, last: 8191, owner: 2, claimants: [2, 0] });
});

test("what only the dead claim is uncovered, also in part", () => {
  const run = runOf([crash(5, 0), claim(7, 2, "0-100", 3)]);
  const truths = foldTruth(run);
  expect(ownership(truthAt(truths, 5).nodes)[0]).toMatchObject({ first: 0, last: 8191, owner: -1 });
  expect(ownership(truthAt(truths, 7).nodes).map((one) => [one.first, one.last, one.owner])).toEqual([
    [0, 100, 2],
    [101, 8191, -1],
    [8192, 16383, 1],
  ]);
});

test("equal configEpochs: the greater node id wins, as a collision resolves", () => {
  const truths = foldTruth(runOf([claim(5, 2, halves[0]!, 1)]));
  expect(ownership(truthAt(truths, 5).nodes)[0]).toMatchObject({ owner: 2, claimants: [2, 0] });
});

test("a replica that takes over stays in its shard, and who follows it too", () => {
  const run = runOf([claim(5, 2, halves[0]!, 3), claim(6, 0, "", 3, ids[2]!)]);
  const truth = truthAt(foldTruth(run), 6);
  expect(shardOf(run, truth, 2)).toBe(0);
  expect(shardOf(run, truth, 0)).toBe(0);
});

test("dead primaries count among the voters until somebody has their slots", () => {
  const run = runOf([crash(5, 0)]);
  expect(voters(truthAt(foldTruth(run), 5), run)).toEqual({ all: [0, 1], quorum: 2 });
});

test("a partition is in force between its two records, and faults are", () => {
  const run = runOf([
    [5, -1, "FaultBegan", { id: 1, fault: "partition", text: "", targets: [] }],
    [5, -1, "Reachability", { plane: "all", groups: [["m1"], ["m2", "m3", "m4"]], cut: [] }],
    [9, -1, "Reachability", { plane: "all", groups: [], cut: [] }],
    [9, -1, "FaultEnded", { id: 1 }],
  ]);
  const truths = foldTruth(run);
  expect(truthAt(truths, 6)).toMatchObject({ faults: [1], network: [{ groups: [["m1"], ["m2", "m3", "m4"]] }] });
  expect(truthAt(truths, 9)).toMatchObject({ faults: [], network: [] });
});
