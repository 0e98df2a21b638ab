// Which messages could have had a part in something: those whose arrival came before it on a path of messages.
import type { Message } from "./run";

/** Indices of messages in the causal past of what `machine` did at `at`. */
export function causalPast(messages: readonly Message[], machine: number, at: number): Set<number> {
  const until = new Map<number, number>([[machine, at]]);
  const arrived = messages
    .filter((message): message is Message & { arrived: number } => message.arrived !== null && message.arrived <= at)
    .sort((a, b) => b.arrived - a.arrived || b.sent - a.sent);
  const past = new Set<number>();
  for (const message of arrived) {
    const bound = until.get(message.to);
    if (bound === undefined || message.arrived > bound) continue;
    past.add(message.index);
    until.set(message.from, Math.max(until.get(message.from) ?? Number.NEGATIVE_INFINITY, message.sent));
  }
  return past;
}

/** Messages under way at some moment between `from` and `to`; of those that never arrive, when they set out. */
export function between(messages: readonly Message[], from: number, to: number): Message[] {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle]!.sent <= to) low = middle + 1;
    else high = middle;
  }
  const found: Message[] = [];
  for (let i = low - 1; i >= 0; --i) {
    const message = messages[i]!;
    if (message.sent >= from || (message.arrived !== null && message.arrived >= from)) found.push(message);
  }
  return found.reverse();
}
