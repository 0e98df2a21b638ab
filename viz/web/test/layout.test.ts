import { expect, test } from "vitest";
import { layout } from "../src/layout";
import { emptyDocument } from "./sample";
import { decode } from "../src/run";

function servers(count: number, zones: number) {
  const document = emptyDocument();
  const [first] = document.cast;
  document.cast = Array.from({ length: count }, (_, i) => ({ ...first!, name: `m${i + 1}`, id: String(i), zone: `z${i % zones}` }));
  return decode(document);
}

for (const [count, zones, width] of [
  [6, 3, 700],
  [6, 3, 360],
  [60, 3, 1100],
  [300, 5, 1100],
] as const) {
  test(`${count} servers in ${zones} zones at ${width} px: everybody has a place, nobody shares it`, () => {
    const run = servers(count, zones);
    const where = layout(run, width);
    expect(where.places.size).toBe(count);
    expect(where.boxes.length).toBe(zones);
    const seen = new Set<string>();
    for (const { x, y, machine } of where.places.values()) {
      seen.add(`${Math.round(x)} ${Math.round(y)}`);
      const box = where.boxes.find((one) => one.name === `zone ${run.cast[machine]!.zone}`)!;
      expect(x).toBeGreaterThan(box.x);
      expect(x).toBeLessThan(box.x + box.width);
      expect(y).toBeGreaterThan(box.y);
      expect(y).toBeLessThan(box.y + box.height);
    }
    expect(seen.size).toBe(count);
    expect(where.width).toBeLessThanOrEqual(Math.max(width, 140));
  });
}

test("the same run has the same layout whatever the moment", () => {
  const run = servers(12, 2);
  expect(layout(run, 800)).toEqual(layout(run, 800));
});
