import { expect, test } from "vitest";
import { between, causalPast } from "../src/causes";
import type { Message } from "../src/run";

const message = (index: number, from: number, to: number, sent: number, arrived: number | null): Message => ({ index, from, to, sent, arrived, label: "PING" });

test("the causal past follows arrivals back to what their senders had heard", () => {
  const messages = [
    message(0, 0, 1, 1, 2),
    message(1, 1, 2, 3, 4),
    message(2, 0, 1, 3, 5), // arrives at 1 after it had sent
    message(3, 3, 2, 4, 6), // arrives too late
    message(4, 3, 2, 1, null),
  ];
  expect([...causalPast(messages, 2, 5)].sort()).toEqual([0, 1]);
});

test("it agrees with the slow, obvious way on many small histories", () => {
  let luck = 7;
  const draw = (below: number) => (luck = (luck * 48271) % 2147483647) % below;
  for (let round = 0; round < 200; ++round) {
    const messages = Array.from({ length: 12 }, (_, i) => {
      const sent = draw(40);
      return message(i, draw(4), draw(4), sent, draw(6) === 0 ? null : sent + 1 + draw(9));
    });
    const slow = new Set<number>();
    const reach = (machine: number, at: number) => {
      for (const one of messages) {
        if (one.arrived === null || one.to !== machine || one.arrived > at || slow.has(one.index)) continue;
        slow.add(one.index);
        reach(one.from, one.sent);
      }
    };
    reach(2, 30);
    expect([...causalPast(messages, 2, 30)].sort((a, b) => a - b)).toEqual([...slow].sort((a, b) => a - b));
  }
});

test("messages of a stretch of time include those under way when it begins", () => {
  const messages = [message(0, 0, 1, 1, 10), message(1, 0, 1, 2, 3), message(2, 0, 1, 4, null), message(3, 0, 1, 8, 9)];
  expect(between(messages, 4, 7).map((one) => one.index)).toEqual([0, 2]);
});
