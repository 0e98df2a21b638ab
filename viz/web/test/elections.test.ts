import { expect, test } from "vitest";
import { electionTitle, foldElections } from "../src/elections";
import { ids, runOf, type Told } from "./sample";

const suspects = (at: number, by: number, from: string, to: string): Told => [at, by, "SuspicionChanged", { peer: ids[0]!, from, to, reports: 0, quorum: 0 }];
const failover: Told[] = [
  [1_000, 0, "MachineCrashed", { power_lost: 1 }],
  suspects(5_000, 1, "none", "PFAIL"),
  suspects(6_000, 1, "PFAIL", "FAIL"),
  [6_100, 2, "ElectionScheduled", { primary: ids[0]!, delay_ms: 958, rank: 1, offset: 7, manual: 0 }],
  [7_000, 2, "ElectionStarted", { primary: ids[0]!, epoch: 3, rank: 1, quorum: 2, manual: 0 }],
  [7_001, 1, "VoteGranted", { candidate: ids[2]!, primary: ids[0]!, epoch: 3, primary_failed: 1, forced: 0 }],
  [7_002, 3, "VoteRefused", { candidate: ids[2]!, epoch: 3, why: "not a primary with slots" }],
  [7_003, 2, "VoteCounted", { voter: ids[1]!, epoch: 3, votes: 1, quorum: 2 }],
];

test("an election that is won has every phase, and who sets its length", () => {
  const run = runOf([
    ...failover,
    [7_010, 2, "Promoted", { old_primary: ids[0]!, epoch: 3, votes: 2, quorum: 2, takeover: 0, manual: 0 }],
    [7_020, 1, "SlotsRebound", { slots: "0-8191", from: ids[0]!, to: ids[2]!, epoch: 3 }],
  ]);
  const [election] = foldElections(run);
  expect(election!.phases.map(({ from, to }) => [from, to])).toEqual([
    [1_000, 5_000],
    [5_000, 6_000],
    [6_000, 6_100],
    [6_100, 7_000],
    [7_000, 7_010],
    [7_010, 7_020],
  ]);
  expect(election!.phases[0]!.setBy).toContain("cluster-node-timeout 5000 ms");
  expect(election!.phases[3]!.setBy).toContain("rank 1");
  expect(election!.phases[4]!.setBy).toContain("10000 ms");
  expect(electionTitle(run, election!)).toBe("m3 for m1's place, epoch 3: wins");
});

test("a refused vote keeps its reason, a granted one when it was counted", () => {
  const [election] = foldElections(runOf(failover));
  expect(election!.votes).toEqual([
    { at: 7_001, voter: 1, granted: true, why: "", counted: 7_003 },
    { at: 7_002, voter: 3, granted: false, why: "not a primary with slots", counted: null },
  ]);
  expect(election!.outcome).toBe("open");
});

test("one that runs out of time is told so, and the next is its own", () => {
  const elections = foldElections(
    runOf([
      ...failover,
      [17_000, 2, "ElectionExpired", { epoch: 3, votes: 1, quorum: 2 }],
      [27_000, 2, "ElectionStarted", { primary: ids[0]!, epoch: 4, rank: 0, quorum: 2, manual: 0 }],
    ]),
  );
  expect(elections.map((one) => [one.epoch, one.outcome])).toEqual([
    [3, "expired"],
    [4, "open"],
  ]);
});
