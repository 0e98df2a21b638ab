import { duration, time } from "../format";
import { electionTitle, type Election } from "../elections";
import { machineName } from "../run";
import type { State } from "../state";
import { Panel } from "./panel";

function Phases({ state, election }: { state: State; election: Election }) {
  const from = election.phases[0]?.from ?? election.started;
  const to = Math.max(from + 1, election.phases.at(-1)?.to ?? election.ended ?? election.started);
  return (
    <ol class="phases">
      {election.phases.map((phase, i) => (
        <li key={i}>
          <button type="button" class="link" onClick={() => state.goTo(phase.to, `${time(phase.to)}: ${phase.name}`)}>
            {time(phase.from)} – {time(phase.to)}
          </button>
          <span class="phase-words">
            <strong>{duration(phase.to - phase.from)}</strong> {phase.name}
            <small>set by: {phase.setBy}</small>
          </span>
          <span class="track" aria-hidden="true">
            <i
              class={`bar phase-${i % 5}`}
              style={{
                left: `${((phase.from - from) / (to - from)) * 100}%`,
                width: `${Math.max(0.6, ((phase.to - phase.from) / (to - from)) * 100)}%`,
              }}
            />
          </span>
        </li>
      ))}
    </ol>
  );
}

function Votes({ state, election }: { state: State; election: Election }) {
  const { run } = state;
  return (
    <>
      <p class="facts-line">
        {election.votesCounted} of {election.quorum} needed votes counted
        {election.rank > 0 && `, rank ${election.rank}`}
        {election.manual && ", a manual failover"}
      </p>
      <ul class="votes">
        {election.votes.map((vote, i) => (
          <li key={i} class={vote.granted ? "granted" : "refused"}>
            <button type="button" class="link" onClick={() => state.goTo(vote.at)}>
              {time(vote.at)}
            </button>{" "}
            <span aria-hidden="true">{vote.granted ? "✓" : "✗"}</span> {machineName(run, vote.voter)}{" "}
            {vote.granted ? (
              <>
                votes{" "}
                {vote.counted === null ? "(never counted)" : `(counted ${duration(vote.counted - vote.at)} later)`}
              </>
            ) : (
              <>
                refuses: <strong>{vote.why}</strong>
              </>
            )}
          </li>
        ))}
        {election.votes.length === 0 && <li>Nobody is known to have answered.</li>}
      </ul>
      {election.hindrances.length > 0 && (
        <p class="note">
          Did not stand before because: {election.hindrances.slice(-3).map((one) => `${time(one.at)} ${one.why}`).join("; ")}
        </p>
      )}
      {election.spread.length > 0 && (
        <p class="note">
          New owner known to:{" "}
          {election.spread.map((one) => `${machineName(run, one.machine)} ${time(one.at)}`).slice(0, 12).join(", ")}
          {election.spread.length > 12 && ` and ${election.spread.length - 12} more`}
        </p>
      )}
    </>
  );
}

export function Elections({ state }: { state: State }) {
  const { elections } = state;
  const shown = elections.slice(0, 40);
  const at = state.at.value;
  const nearest = elections.findLastIndex((one) => (one.phases[0]?.from ?? one.started) <= at);
  return (
    <Panel
      id="elections"
      wide
      title="Elections"
      note="From the first silence to the last server that learned of the new owner; beside each phase the directive that sets its length."
    >
      {elections.length === 0 && <p class="empty">Nobody stood for election in this run.</p>}
      {shown.map((election, i) => (
        <details key={i} open={elections.length <= 2 || i === Math.max(0, nearest)} class={`election ${election.outcome}`}>
          <summary>
            <span aria-hidden="true">{election.outcome === "won" ? "◆" : election.outcome === "expired" ? "✗" : "◇"}</span>{" "}
            {time(election.started)} {electionTitle(state.run, election)}
          </summary>
          <Phases state={state} election={election} />
          <Votes state={state} election={election} />
        </details>
      ))}
      {elections.length > shown.length && <p class="note">and {elections.length - shown.length} more elections</p>}
    </Panel>
  );
}
