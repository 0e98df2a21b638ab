import type { Invariant } from "../document";
import { time } from "../format";
import type { State } from "../state";
import { Panel } from "./panel";

const words = {
  pass: "✓ pass",
  fail: "✗ FAIL",
  "known-defect": "! known defect",
  unknown: "? undecided",
  "not checked": "– not checked",
} as const;
const order = ["fail", "known-defect", "unknown", "pass", "not checked"];

function Row({ state, invariant }: { state: State; invariant: Invariant }) {
  const bad = invariant.judgement === "fail" || invariant.judgement === "known-defect";
  return (
    <tr class={bad && !invariant.excused ? "bad" : ""}>
      <td class="judgement">
        {words[invariant.judgement]}
        {invariant.excused && " (as expected)"}
      </td>
      <th scope="row">
        {invariant.name}
        <small>{invariant.claim}</small>
      </th>
      <td>
        {invariant.summary}
        {bad &&
          invariant.findings.map((finding, i) => (
            <p key={i} class="finding">
              <button type="button" class="link" onClick={() => state.goTo(finding.at, finding.what)}>
                {time(finding.at)}
              </button>{" "}
              {finding.what}
              {finding.row > 0 && ` (defect ${finding.row} of 7.0.15)`}
            </p>
          ))}
        {invariant.finding_count > invariant.findings.length && (
          <p>and {invariant.finding_count - invariant.findings.length} more</p>
        )}
      </td>
    </tr>
  );
}

export function Invariants({ state }: { state: State }) {
  const { verdict } = state.run.document;
  const sorted = verdict.invariants.toSorted((a, b) => order.indexOf(a.judgement) - order.indexOf(b.judgement));
  return (
    <Panel id="invariants" wide title="Invariants and expectations">
      <div class="scroll" tabIndex={0} role="group" aria-label="Invariants">
        <table class="invariants">
          <thead>
            <tr>
              <th scope="col">verdict</th>
              <th scope="col">invariant</th>
              <th scope="col">what was seen</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((invariant) => (
              <Row key={invariant.name} state={state} invariant={invariant} />
            ))}
            {verdict.expectations.map((one) => (
              <tr key={one.text} class={one.met ? "" : "bad"}>
                <td class="judgement">{one.met ? "✓ met" : "✗ NOT MET"}</td>
                <th scope="row">{one.text}</th>
                <td>{one.detail}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
