import { expect, test } from "vitest";
import { beliefAt, holders, nodesText } from "../src/belief";
import { doubtHistory, ownedHistory, troubles } from "../src/slot_history";
import { decode } from "../src/run";
import { foldTruth, truthAt } from "../src/truth";
import { claim, formed, halves, ids, withEvents } from "./sample";

function viewed() {
  const document = withEvents([
    ...formed,
    [5_000, 1, "SuspicionChanged", { peer: ids[0]!, from: "none", to: "PFAIL", reports: 0, quorum: 0 }],
    claim(6_000, 2, halves[0]!, 3),
    [8_000, 0, "MachineCrashed", { power_lost: 0 }],
  ]);
  const text = (word: string) => document.strings.push(word) - 1;
  const a = text(ids[0]!);
  const b = text(ids[1]!);
  const line = text(`${ids[0]} 10.0.0.1:6379@16379 master - 1 connected 0-8191`);
  const self = text(`${ids[1]} 10.0.0.2:6379@16379 myself,master - 2 connected 8192-16383`);
  const replica = text(`${ids[0]} 10.0.0.1:6379@16379 slave ${ids[2]} 3 connected`);
  document.views = {
    base: 1_000_000,
    looks: [
      [1_000, 1, 1 | 2 | 4 | 16, 2, 2, 0, 7, 70, [b, self, 0, -1, a, line, 0, 500]],
      [6_000, 1, 1 | 4, 3, 2, 0, 7, 70, [a, replica, 600, 700]],
    ],
  };
  return decode(document);
}

test("a look is what changed since the one before, in the order of the server's own table", () => {
  const run = viewed();
  expect(nodesText(beliefAt(run, 1, 2_000)!.look)).toBe(
    `${ids[1]} 10.0.0.2:6379@16379 myself,master - 0 1000000 2 connected 8192-16383\n` +
      `${ids[0]} 10.0.0.1:6379@16379 master - 0 1000500 1 connected 0-8191`,
  );
  expect(nodesText(beliefAt(run, 1, 7_000)!.look)).toContain(`slave ${ids[2]} 1000600 1000700 3 connected`);
  expect(beliefAt(run, 1, 999)).toBeNull();
  expect(beliefAt(run, 3, 9_000)).toBeNull();
});

test("what a server has said since it was looked at counts", () => {
  const run = viewed();
  expect(beliefAt(run, 1, 4_999)!.peers.get(ids[0]!)!.suspicion).toBe("none");
  expect(beliefAt(run, 1, 5_000)!.peers.get(ids[0]!)!.suspicion).toBe("PFAIL");
});

test("only who runs holds anybody for failed", () => {
  const run = viewed();
  const truths = foldTruth(run);
  expect(holders(run, truthAt(truths, 5_000), 0, 5_000)).toEqual({ pfail: [1], fail: [] });
  expect(holders(run, truthAt(truths, 8_000), 1, 8_000)).toEqual({ pfail: [], fail: [] });
});

test("disagreement lasts from the promotion until the map is mended", () => {
  const run = viewed();
  const doubts = doubtHistory(run, foldTruth(run));
  expect(doubts.map(({ from, slots }) => [from, slots.map((one) => [one.first, one.last, one.unlike])])).toEqual([
    [6_000, [[0, 8191, [1]]]],
    [7_000, [[0, 8191, [1]]]],
    [8_000, [[0, 8191, [1]]]],
  ]);
  const trouble = troubles(ownedHistory(run, foldTruth(run)));
  expect(trouble).toEqual([{ from: 6_000, to: 8_000, uncovered: 0, twice: 8192 }]);
});
