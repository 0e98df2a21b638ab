// What is being looked at. The URL fragment says the same in words, so that a view can be handed on.
import { batch, computed, effect, signal } from "@preact/signals";
import { foldElections } from "./elections";
import { parseTime, time } from "./format";
import { type Event, lastAt, openingMoment, openingNode, type Run, violations } from "./run";
import { foldTruth, type Truth, truthAt } from "./truth";

export type Theme = "system" | "light" | "dark";

export function createState(run: Run) {
  const truths = foldTruth(run);
  const elections = foldElections(run);
  const stops = [...new Set(run.events.map((event: Event) => event.at))];
  const milestones = [...new Set(run.milestones.filter((one) => one.notable).map((one) => one.at))];

  const at = signal(openingMoment(run));
  const window = signal<readonly [number, number]>([run.start, run.end]);
  const node = signal<number | null>(openingNode(run));
  /** What the node is compared with: the truth, another node, or itself at a pinned moment. */
  const versus = signal<number | "truth" | "pin">("truth");
  const pin = signal<number | null>(null);
  const seenBy = signal(false);
  const heartbeats = signal(false);
  const only = signal<"all" | "past">("all");
  const message = signal<number | null>(null);
  /** Half of the stretch of time in which messages are drawn; 0: as much as shows one. */
  const span = signal(0);
  const playing = signal(false);
  const speed = signal(1);
  const help = signal(false);
  const told = signal("");
  const theme = signal<Theme>("system");
  const truth = computed<Truth>(() => truthAt(truths, at.value));

  const clamp = (us: number) => Math.round(Math.min(run.end, Math.max(run.start, us)));
  function goTo(us: number, why = "") {
    batch(() => {
      at.value = clamp(us);
      const [from, to] = window.value;
      if (at.value < from || at.value > to) {
        const half = (to - from) / 2;
        window.value = [Math.max(run.start, at.value - half), Math.min(run.end, at.value + half)];
      }
      if (why !== "") told.value = why;
    });
  }
  function step(list: readonly number[], direction: 1 | -1) {
    const index = lastAt(
      list.map((moment) => ({ at: moment })),
      at.value,
    );
    const here = list[index] === at.value;
    const next = direction > 0 ? list[index + 1] : list[here ? index - 1 : index];
    if (next !== undefined) goTo(next, time(next));
  }
  function zoom(factor: number, around = at.value) {
    const [from, to] = window.value;
    const least = 2_000;
    const width = Math.min(run.end - run.start, Math.max(least, (to - from) * factor));
    const part = (around - from) / (to - from);
    const left = Math.max(run.start, Math.min(run.end - width, around - width * part));
    window.value = [left, left + width];
  }
  const found = violations(run);
  function nextViolation() {
    const next = found.find((one) => one.at > at.value) ?? found[0];
    if (next === undefined) told.value = "No invariant was violated in this run";
    else goTo(next.at, `${next.invariant}: ${next.what}`);
  }
  function selectNode(machine: number | null) {
    batch(() => {
      node.value = machine;
      if (machine === null) seenBy.value = false;
      if (versus.value === machine) versus.value = "truth";
    });
  }

  return {
    run,
    truths,
    elections,
    violations: found,
    at,
    window,
    node,
    versus,
    pin,
    seenBy,
    heartbeats,
    only,
    message,
    span,
    playing,
    speed,
    help,
    told,
    theme,
    truth,
    goTo,
    zoom,
    nextViolation,
    selectNode,
    stepEvent: (direction: 1 | -1) => step(stops, direction),
    stepMilestone: (direction: 1 | -1) => step(milestones, direction),
  };
}
export type State = ReturnType<typeof createState>;

/** "t=18.514s&node=m4&vs=m1&from=10.000s&to=20.000s" */
export function toFragment(state: State): string {
  const { run } = state;
  const words = [`t=${exact(state.at.value)}`];
  const [from, to] = state.window.value;
  if (state.node.value !== null) words.push(`node=${run.cast[state.node.value]!.name}`);
  const versus = state.versus.value;
  if (typeof versus === "number") words.push(`vs=${run.cast[versus]!.name}`);
  if (versus === "pin" && state.pin.value !== null) words.push(`pin=${exact(state.pin.value)}`);
  if (state.seenBy.value) words.push("seen=1");
  if (from !== run.start || to !== run.end) words.push(`from=${exact(from)}`, `to=${exact(to)}`);
  return words.join("&");
}
const exact = (us: number) => `${(Math.round(us) / 1e6).toFixed(6)}s`;

export function fromFragment(state: State, fragment: string): void {
  const words = new URLSearchParams(fragment.replace(/^#/, ""));
  const machine = (name: string | null) => {
    const index = state.run.cast.findIndex((info) => info.name === name);
    return index < 0 ? null : index;
  };
  const moment = (key: string) => parseTime(words.get(key) ?? "");
  batch(() => {
    const [from, to] = [moment("from"), moment("to")];
    if (from !== null && to !== null && from < to) state.window.value = [from, to];
    const t = moment("t");
    if (t !== null) state.goTo(t);
    if (t !== null) state.selectNode(machine(words.get("node")));
    state.versus.value = machine(words.get("vs")) ?? "truth";
    const pin = moment("pin");
    if (pin !== null) {
      state.pin.value = pin;
      state.versus.value = "pin";
    }
    state.seenBy.value = words.get("seen") === "1" && state.node.value !== null;
  });
}

/** Keeps the fragment up to date, a moment behind, and follows it when a person changes it. */
export function bindFragment(state: State): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const fragment = toFragment(state);
    clearTimeout(timer);
    timer = setTimeout(() => history.replaceState(null, "", `#${fragment}`), 150);
  });
  addEventListener("hashchange", () => fromFragment(state, location.hash));
}
