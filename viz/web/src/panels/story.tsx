import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { time } from "../format";
import { roomyMax } from "../layout";
import type { State } from "../state";
import { Panel } from "./panel";

interface Line {
  at: number;
  text: string;
  kind: "plan" | "node" | "violation";
}

function linesOf(state: State): Line[] {
  const lines: Line[] = state.run.document.timeline.map(([at, text, fault]) => ({
    at,
    text,
    kind: fault === 1 ? "plan" : "node",
  }));
  for (const { at, invariant, what } of state.violations)
    lines.push({ at, text: `${invariant}: ${what}`, kind: "violation" });
  return lines.sort((a, b) => a.at - b.at);
}

const signs = { plan: "⚡", node: "·", violation: "✗" } as const;
const words = { plan: "the plan: ", node: "", violation: "violated: " } as const;

export function Story({ state }: { state: State }) {
  const list = useRef<HTMLOListElement>(null);
  const lines = linesOf(state);
  const at = state.at.value;
  const current = lines.findLastIndex((line) => line.at <= at);
  const toCurrent = () => {
    const box = list.current;
    const line = box?.querySelector<HTMLElement>("[aria-current]");
    if (box && line)
      box.scrollTop += line.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 2;
  };
  useSignalEffect(() => {
    void state.at.value;
    requestAnimationFrame(toCurrent);
  });
  // Lines wrap elsewhere when the window is made narrower, so the current one would be out of sight.
  useEffect(() => {
    const resized = new ResizeObserver(toCurrent);
    if (list.current) resized.observe(list.current);
    return () => resized.disconnect();
  }, []);
  return (
    <Panel
      id="story"
      wide={state.run.servers.length > roomyMax}
      title="What happened"
      note={firstSentence(state.run.document.run.why) || "The milestones of the run; a click goes there."}
    >
      <ol class="story" ref={list} tabIndex={0} aria-label="Milestones of the run">
        {lines.map((line, i) => (
          <li key={i} class={`${line.kind} ${line.at <= at ? "past" : "future"}`}>
            <button
              type="button"
              aria-current={i === current ? "true" : undefined}
              onClick={() => state.goTo(line.at, `${time(line.at)}: ${line.text}`)}
            >
              <span class="when">{time(line.at)}</span>
              <span class="sign" aria-hidden="true">
                {signs[line.kind]}
              </span>
              <span>
                <span class="unseen">{words[line.kind]}</span>
                {line.text}
              </span>
            </button>
          </li>
        ))}
      </ol>
      {state.run.document.events_left_out > 0 && (
        <p class="note">
          The last {state.run.document.events_left_out.toLocaleString("en")} events of the run are left out of this page; the verdict counts them.
        </p>
      )}
    </Panel>
  );
}

export function firstSentence(text: string): string {
  const end = text.indexOf(". ");
  return end < 0 ? text : text.slice(0, end + 1);
}
