import { time } from "../format";
import type { State } from "../state";
import { Panel } from "./panel";

export function ScenarioPanel({ state }: { state: State }) {
  const { scenario, steps, run, faults } = state.run.document;
  const timeline = (scenario?.timeline ?? []) as unknown[];
  const { timeline: _, ...rest } = scenario ?? {};
  const at = state.at.value;
  return (
    <Panel id="scenario" wide title="Scenario" note={run.why}>
      {timeline.length === 0 && <p class="empty">The scenario has no timeline{faults.length > 0 ? ": its faults are drawn by chance" : ""}.</p>}
      <ol class="steps">
        {timeline.map((entry, i) => {
          const fired = steps.filter((step) => step.entry === i).map((step) => step.at);
          const times = fired.filter((moment): moment is number => moment !== null);
          const [first] = times;
          const done = first !== undefined && first <= at;
          return (
            <li key={i} class={first === undefined ? "never" : done ? "done" : "ahead"}>
              <span class="tick" aria-hidden="true">
                {first === undefined ? "☐" : done ? "☑" : "◌"}
              </span>
              <code>{JSON.stringify(entry)}</code>{" "}
              {first === undefined ? (
                <em>never came</em>
              ) : (
                <>
                  <button type="button" class="link" onClick={() => state.goTo(first)}>
                    {time(first)}
                  </button>
                  {times.length > 1 && ` and ${times.length - 1} more times`}
                </>
              )}
            </li>
          );
        })}
      </ol>
      {scenario !== null && (
        <details class="list">
          <summary>The rest of {run.file}</summary>
          <pre tabIndex={0}>{JSON.stringify(rest, null, 2)}</pre>
        </details>
      )}
      <p class="facts-line">
        Replay: <code data-testid="replay">{run.replay}</code>
      </p>
    </Panel>
  );
}
