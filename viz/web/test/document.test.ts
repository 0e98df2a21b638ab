import { expect, test } from "vitest";
import { readDocument } from "../src/document";
import { openingMoment } from "../src/run";
import { emptyDocument, runOf } from "./sample";

test("what cannot be shown is told in a sentence", () => {
  const whole = JSON.stringify(emptyDocument());
  expect(readDocument(whole)).toMatchObject({ slotsim_report: 1 });
  expect(readDocument(whole.slice(0, whole.length / 2))).toContain("cut short");
  expect(readDocument(whole.replace('"slotsim_report":1', '"slotsim_report":2'))).toContain("version 2");
  expect(readDocument("{}")).toContain("no slotsim report");
  expect(readDocument("<!--slotsim:data-->")).toContain("empty template");
});

test("a failed run opens at its first unexpected violation", () => {
  const run = runOf([[9_000_000, 2, "Promoted", { old_primary: "", epoch: 3, votes: 2, quorum: 2 }]]);
  const finding = (at: number) => ({ at, judgement: "fail", what: "", row: 0 });
  const invariant = { claim: "", source: "", scope: "", summary: "", finding_count: 1 };
  run.document.verdict.invariants.push(
    { ...invariant, name: "expected", judgement: "fail", excused: true, findings: [finding(5_000_000)] },
    { ...invariant, name: "late", judgement: "fail", excused: false, findings: [finding(20_000_000)] },
    { ...invariant, name: "first", judgement: "fail", excused: false, findings: [finding(15_663_000)] },
    { ...invariant, name: "fine", judgement: "pass", excused: false, findings: [finding(1)] },
  );
  expect(openingMoment(run)).toBe(15_663_000);
});

test("a run that passed opens at the promotion, else at the first fault", () => {
  const run = runOf([]);
  run.document.faults.push({ id: 1, kind: "crash", text: "", began: 10_000_000, ended: 10_000_000, effects: 1, unit: "" });
  expect(openingMoment(run)).toBe(10_000_000);
  run.milestones.push({ at: 17_000_000, name: "promoted", machine: 2, by: 2, shard: 0, notable: true, text: "" });
  expect(openingMoment(run)).toBe(17_000_000);
});

test("that promotion is looked at once the others have taken notice", () => {
  const run = runOf([
    [17_000_000, 2, "HealthChanged", { ok: 1, why: "" }],
    [17_000_500, 1, "HealthChanged", { ok: 1, why: "" }],
    [17_050_000, 3, "HealthChanged", { ok: 0, why: "" }],
    [40_000_000, 0, "HealthChanged", { ok: 1, why: "" }],
  ]);
  run.milestones.push({ at: 17_000_000, name: "promoted", machine: 2, by: 2, shard: 0, notable: true, text: "" });
  expect(openingMoment(run)).toBe(17_000_500);
});
