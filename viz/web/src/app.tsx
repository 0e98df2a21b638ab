import { useSignalEffect } from "@preact/signals";
import { Header } from "./panels/header";
import { Help } from "./panels/help";
import { TimeBar } from "./panels/time_bar";
import { Story } from "./panels/story";
import { Topology } from "./panels/topology";
import { Inspector } from "./panels/inspector";
import { SlotMap } from "./panels/slot_map";
import { Elections } from "./panels/elections";
import { Messages } from "./panels/messages";
import { Epochs } from "./panels/epochs";
import { ClientsPanel } from "./panels/clients";
import { Invariants } from "./panels/invariants";
import { ScenarioPanel } from "./panels/scenario";
import type { State } from "./state";

const framesPerSecond = 30;

/** Play moves time on by itself; people who want less motion get it in steps of a second. */
function usePlay(state: State) {
  useSignalEffect(() => {
    if (!state.playing.value) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const every = calm ? 1000 : 1000 / framesPerSecond;
    const timer = setInterval(() => {
      state.goTo(state.at.value + every * 1000 * state.speed.value);
      if (state.at.value >= state.run.end) state.playing.value = false;
    }, every);
    return () => clearInterval(timer);
  });
}

function useTheme(state: State) {
  useSignalEffect(() => {
    const { value } = state.theme;
    if (value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
  });
}

export function App({ state }: { state: State }) {
  usePlay(state);
  useTheme(state);
  return (
    <>
      <Header state={state} />
      <TimeBar state={state} />
      <main>
        <Story state={state} />
        <Topology state={state} />
        <Inspector state={state} />
        <SlotMap state={state} />
        <Elections state={state} />
        <Messages state={state} />
        <Epochs state={state} />
        <ClientsPanel state={state} />
        <Invariants state={state} />
        <ScenarioPanel state={state} />
      </main>
      <Help state={state} />
      <p class="told" role="status" aria-live="polite">
        {state.told}
      </p>
    </>
  );
}
