// Everything can be done from the keyboard; this table is both what is done and what the `?` overlay says.
import type { State } from "./state";
import { copy } from "./copy";

export interface Key {
  keys: string;
  does: string;
  matches: (event: KeyboardEvent) => boolean;
  act: (state: State) => void;
}
const plain = (key: string) => (event: KeyboardEvent) => event.key === key && !event.shiftKey;
const shifted = (key: string) => (event: KeyboardEvent) => event.key === key && event.shiftKey;
const any = (...keys: string[]) => (event: KeyboardEvent) => keys.includes(event.key);

export function nextNode(state: State, direction: 1 | -1): void {
  const { servers } = state.run;
  if (servers.length === 0) return;
  const index = state.node.value === null ? (direction > 0 ? -1 : 0) : servers.indexOf(state.node.value);
  state.selectNode(servers[(index + direction + servers.length) % servers.length]!);
}

export const panels = [
  ["story", "What happened"],
  ["topology", "Topology"],
  ["inspector", "Node inspector"],
  ["slots", "Slot ownership"],
  ["elections", "Elections"],
  ["messages", "Messages"],
  ["epochs", "Epochs"],
  ["clients", "Clients"],
  ["invariants", "Invariants"],
  ["scenario", "Scenario"],
] as const;

function showPanel(index: number): void {
  const panel = document.getElementById(panels[index]![0]);
  panel?.scrollIntoView({ block: "start" });
  panel?.focus({ preventScroll: true });
}

export const keys: Key[] = [
  { keys: "← →", does: "the event before, the next event", matches: plain("ArrowLeft"), act: (s) => s.stepEvent(-1) },
  { keys: "", does: "", matches: plain("ArrowRight"), act: (s) => s.stepEvent(1) },
  {
    keys: "Shift + ← →",
    does: "the milestone before, the next milestone",
    matches: shifted("ArrowLeft"),
    act: (s) => s.stepMilestone(-1),
  },
  { keys: "", does: "", matches: shifted("ArrowRight"), act: (s) => s.stepMilestone(1) },
  { keys: "v", does: "to the violation, or the next one", matches: any("v"), act: (s) => s.nextViolation() },
  { keys: "Home End", does: "to the start, to the end", matches: any("Home"), act: (s) => s.goTo(s.run.start) },
  { keys: "", does: "", matches: any("End"), act: (s) => s.goTo(s.run.end) },
  {
    keys: "Space",
    does: "plays and stops; [ and ] play slower and faster",
    matches: any(" "),
    act: (s) => void (s.playing.value = !s.playing.value),
  },
  { keys: "", does: "", matches: any("["), act: (s) => void (s.speed.value = Math.max(0.1, s.speed.value / 2)) },
  { keys: "", does: "", matches: any("]"), act: (s) => void (s.speed.value = Math.min(100, s.speed.value * 2)) },
  { keys: "+ − 0", does: "zooms in, zooms out, shows the whole run", matches: any("+", "="), act: (s) => s.zoom(0.5) },
  { keys: "", does: "", matches: any("-"), act: (s) => s.zoom(2) },
  { keys: "", does: "", matches: any("0"), act: (s) => void (s.window.value = [s.run.start, s.run.end]) },
  { keys: "n  p", does: "selects the next server, the one before", matches: any("n"), act: (s) => nextNode(s, 1) },
  { keys: "", does: "", matches: any("p"), act: (s) => nextNode(s, -1) },
  {
    keys: "b",
    does: "shows the topology as the selected server believes it, or as it was",
    matches: any("b"),
    act: (s) => void (s.seenBy.value = s.node.value !== null && !s.seenBy.value),
  },
  {
    keys: "m",
    does: "pins this moment for the inspector to compare with",
    matches: any("m"),
    act: (s) => {
      s.pin.value = s.at.value;
      s.versus.value = "pin";
    },
  },
  { keys: "c", does: "copies the replay command", matches: any("c"), act: (s) => copy(s, s.run.document.run.replay) },
  {
    keys: "u",
    does: "copies the address of this view",
    matches: any("u"),
    act: (s) => copy(s, location.href),
  },
  {
    keys: "d",
    does: "light, dark, or as the system is",
    matches: any("d"),
    act: (s) => void (s.theme.value = ({ system: "light", light: "dark", dark: "system" } as const)[s.theme.value]),
  },
  {
    keys: "Alt + 1 … 0",
    does: "goes to a panel",
    matches: (event) => event.altKey && /^[0-9]$/.test(event.key),
    act: () => undefined,
  },
  { keys: "?", does: "this help", matches: any("?"), act: (s) => void (s.help.value = true) },
];

export function bindKeys(state: State): void {
  addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || target.matches("input, select, textarea")) return;
    if (event.key === " " && target.matches("button, summary, a")) return;
    if (document.querySelector("dialog[open]") !== null) return; // what it is now: its close event comes later
    if (event.altKey) {
      if (!/^[0-9]$/.test(event.key)) return;
      event.preventDefault();
      return showPanel((Number(event.key) + 9) % 10);
    }
    const key = keys.find((one) => one.matches(event));
    if (key === undefined) return;
    event.preventDefault();
    key.act(state);
  });
}
