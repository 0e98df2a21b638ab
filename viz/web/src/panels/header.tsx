import { copy } from "../copy";
import { duration, time } from "../format";
import type { State } from "../state";

const themes = { system: "Theme: system", light: "Theme: light", dark: "Theme: dark" } as const;
const nextTheme = { system: "light", light: "dark", dark: "system" } as const;

export function Header({ state }: { state: State }) {
  const { run, verdict } = state.run.document;
  const good = verdict.code === 0;
  const [first] = state.violations;
  return (
    <header class="top">
      <div class="verdict" data-testid="verdict">
        <h1 class={good ? "badge good" : "badge bad"}>
          <span aria-hidden="true">{good ? "✓ " : "✗ "}</span>
          {verdict.headline}
        </h1>
        <p class="title">
          <strong>
            {run.scenario}
            {run.case !== "" && ` (${run.case})`}
          </strong>
          {run.options.includes("--mutate ") && (
            <span class="mutated">broken on purpose: {/--mutate (\S+)/.exec(run.options)?.[1]}</span>
          )}
          <span class="facts">
            seed {run.seed} · {duration(run.end + run.forming)} simulated · {run.events.toLocaleString("en")} events ·
            digest {run.digest}
          </span>
        </p>
      </div>
      <div class="actions">
        <button type="button" data-testid="copy-replay" onClick={() => copy(state, run.replay)} title={run.replay}>
          Copy replay command
        </button>
        <button type="button" onClick={() => copy(state, location.href)} data-testid="copy-view">
          Copy this view
        </button>
        <button
          type="button"
          data-testid="theme"
          onClick={() => void (state.theme.value = nextTheme[state.theme.value])}
        >
          {themes[state.theme.value]}
        </button>
        <button type="button" data-testid="help-button" onClick={() => void (state.help.value = true)}>
          Keys <kbd>?</kbd>
        </button>
      </div>
      <div class="lead">
        {run.cut_short !== "" && <p class="warn">The run was cut short: {run.cut_short}.</p>}
        {first !== undefined && (
          <p class="finding" data-testid="finding">
            <button type="button" class="link" onClick={() => state.goTo(first.at, first.what)}>
              {time(first.at)}
            </button>{" "}
            <strong>{first.invariant}</strong>: {first.what}
            {state.violations.length > 1 && (
              <>
                {" "}
                <button type="button" class="link" data-testid="next-violation" onClick={state.nextViolation}>
                  next of {state.violations.length} findings (v)
                </button>
              </>
            )}
          </p>
        )}
        {verdict.warnings.map((warning) => (
          <p class="warn" key={warning}>
            Warning: {warning}
          </p>
        ))}
        {state.run.events.length === 0 && (
          <p class="warn">Nothing happened in this run: it has no records, so there is nothing to scrub through.</p>
        )}
      </div>
    </header>
  );
}
