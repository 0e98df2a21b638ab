// Reports of three runs, driven as a person would: looked at, scrubbed, asked, copied from; then by keyboard alone, on
// a telephone, in the dark, and without JavaScript.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { folder, launch, narrow, open, type Opened, picture } from "./page";

let browser: Browser;
let opened: Opened | undefined;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());
/** Whatever a test does: nothing was asked of any network, and nothing went wrong in silence. */
afterEach(async () => {
  expect(opened?.requests ?? []).toEqual([]);
  expect(opened?.errors ?? []).toEqual([]);
  await opened?.close();
  opened = undefined;
});
async function look(...given: Parameters<typeof open> extends [Browser, ...infer Rest] ? Rest : never): Promise<Page> {
  opened = await open(browser, ...given);
  return opened.page;
}
const text = (page: Page, id: string) => page.getByTestId(id).innerText();
const suspicion = (page: Page, name: string) => page.getByTestId(`node-${name}`).getAttribute("data-suspicion");

test("a failed run opens at the violation, with the server it is about", async () => {
  const page = await look("minority");
  await expect.poll(() => text(page, "verdict")).toContain("FAIL slot_ownership_agrees, one_writable_primary");
  await expect.poll(() => text(page, "verdict")).toContain("broken on purpose: no-demotion");
  await expect.poll(() => text(page, "now")).toBe("t = 15.663s");
  await expect.poll(() => text(page, "finding")).toContain("m1 and m4 have both accepted writes");
  await expect.poll(() => text(page, "topology")).toContain("epoch 1 is outranked");
  await expect.poll(() => text(page, "inspector")).toContain("What m1 believes at 15.663s");
  await expect.poll(() => text(page, "owners")).toContain("m4 and m1 (claimed twice)");
  await picture(page, "minority-1280");
  await picture(page, "minority-1280-whole", true);
  // On to the next violation, and round to the first again.
  await page.getByTestId("jump").click();
  await expect.poll(() => text(page, "now")).toBe("t = 50.250s");
  await page.getByTestId("jump").click();
  await expect.poll(() => text(page, "now")).toBe("t = 15.663s");
});

test("a passed one opens at the promotion, and its election explains itself", async () => {
  const page = await look("failover");
  await expect.poll(() => text(page, "verdict")).toContain("PASS");
  await expect.poll(() => text(page, "now")).toBe("t = 17.027s");
  const election = await text(page, "elections");
  expect(election).toContain("m4 for m1's place, epoch 4: wins");
  expect(election).toContain("cluster-node-timeout 5000 ms");
  expect(election).toMatch(/✓ m2 votes \(counted/);
  await expect.poll(() => text(page, "messages")).toContain("FAILOVER_AUTH_REQUEST");
  await expect.poll(() => page.getByTestId("scenario").locator("li.done").count()).toBe(1);
  await picture(page, "failover-1280");
  await picture(page, "failover-1280-whole", true);
});

test("scrubbing changes what the picture, the slots and the story show", async () => {
  const page = await look("failover");
  const bar = await page.getByRole("slider").boundingBox();
  const scrub = async (part: number) => page.mouse.click(bar!.x + bar!.width * part, bar!.y + 40);
  await scrub(0.12);
  await expect.poll(() => suspicion(page, "m1")).toBe("none");
  await expect.poll(() => text(page, "owners")).toContain("0–5460 m1");
  await page.mouse.move(bar!.x + bar!.width * 0.12, bar!.y + 40);
  await page.mouse.down();
  await page.mouse.move(bar!.x + bar!.width * 0.5, bar!.y + 40, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => suspicion(page, "m1")).toBe("FAIL");
  await expect.poll(() => text(page, "owners")).toContain("0–5460 m4");
  await expect.poll(() => page.getByTestId("node-m1").getAttribute("aria-description")).toContain("down");
  await expect.poll(() => page.getByTestId("story").locator("[aria-current]").innerText()).toContain("cluster state is ok");
  await page.getByTestId("story").getByText("loses power").click();
  await expect.poll(() => text(page, "now")).toBe("t = 10.000s");
});

test("two servers' beliefs are told apart, and the picture is one's own on request", async () => {
  const page = await look("split", { fragment: "#t=25s" });
  await page.getByTestId("node-m1").click();
  await expect.poll(() => text(page, "beliefs")).toContain("m4");
  expect(await text(page, "belief-summary")).toMatch(/\d of 6 differ/);
  await page.getByTestId("versus-select").selectOption({ label: "what m6 believed" });
  await expect.poll(() => text(page, "belief-summary")).toBe("No difference.");
  await page.getByTestId("versus-select").selectOption({ label: "what m4 believed" });
  const row = page.getByTestId("beliefs").getByRole("row").filter({ has: page.getByRole("rowheader", { name: "m4" }) });
  expect(await row.innerText()).toMatch(/replica of m1[\s\S]*≠[\s\S]*primary/);
  await expect.poll(() => suspicion(page, "m1")).toBe("FAIL");
  await page.getByTestId("as-seen").click();
  await expect.poll(() => suspicion(page, "m1")).toBe("none");
  await expect.poll(() => suspicion(page, "m2")).toBe("PFAIL");
  await expect.poll(() => text(page, "moment")).toContain("Side A: m1 m6 — minority");
  await picture(page, "split-as-m1-sees-it-1280");
});

test("CLUSTER NODES, the replay command and the view can be taken along", async () => {
  const page = await look("split");
  const pasted = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByTestId("copy-replay").click();
  expect(await pasted()).toMatch(/^sim\/run .*split-by-zones\.json --seed 1$/);
  await expect.poll(() => page.getByRole("status").innerText()).toContain("Copied: sim/run");
  await page.getByTestId("node-select").selectOption("m3");
  await page.getByTestId("copy-nodes").click();
  const nodes = (await pasted()).split("\n");
  expect(nodes.length).toBe(6);
  for (const line of nodes) expect(line).toMatch(/^[0-9a-f]{40} 10\.0\.0\.\d:6379@16379 \S+ \S+ \d+ \d+ \d+ (connected|disconnected)/);
  expect(nodes.filter((line) => line.includes("myself,"))).toHaveLength(1);
  await expect.poll(() => page.evaluate(() => location.hash)).toContain("node=m3");
  await page.getByTestId("copy-view").click();
  const view = new URL(await pasted());
  await opened!.close();
  const again = await look("split", { fragment: view.hash });
  await expect.poll(() => text(again, "inspector")).toContain("What m3 believes at 17.013s");
});

test("everything can be done from the keyboard", async () => {
  const page = await look("minority", { fragment: "#t=0s" });
  const now = () => text(page, "now");
  await page.keyboard.press("Shift+ArrowRight");
  await expect.poll(() => now()).toBe("t = 2.000s");
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => now()).not.toBe("t = 2.000s");
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => now()).toBe("t = 2.000s");
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Shift+ArrowLeft");
  await expect.poll(() => now()).toBe("t = 2.000s");
  await page.keyboard.press("v");
  await expect.poll(() => now()).toBe("t = 15.663s");
  await page.keyboard.press("n");
  await page.keyboard.press("n");
  await expect.poll(() => text(page, "inspector")).toContain("What m2 believes");
  await page.keyboard.press("b");
  await expect.poll(() => text(page, "topology")).toContain("as m2 believes it");
  await page.keyboard.press("m");
  await page.keyboard.press("Home");
  await expect.poll(() => text(page, "inspector")).toContain("itself at 15.663s");
  await page.keyboard.press("c");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain("--mutate no-demotion");
  await page.keyboard.press("?");
  await expect.poll(() => page.getByRole("dialog").innerText()).toContain("to the violation, or the next one");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
  await page.keyboard.press("Alt+9");
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("invariants");
  await page.keyboard.press("Home");
  await page.keyboard.press("Space");
  await expect.poll(now, { timeout: 5000 }).not.toBe("t = -6.100s");
  // Everything a pointer reaches can be tabbed to, and shows that it has the focus.
  await page.getByTestId("node-m3").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect.poll(() => text(page, "inspector")).toContain("What m4 believes");
  await expect.poll(() => page.getByTestId("node-m4").evaluate((node) => getComputedStyle(node).outlineStyle)).not.toBe("none");
});

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    type Violation = { impact: string; id: string; nodes: { target: string[] }[] };
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    const { violations } = await axe.run();
    return violations
      .filter((one) => one.impact === "serious" || one.impact === "critical")
      .map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 4).join(", ")}`);
  });
}

for (const dark of [false, true]) {
  test(`axe has nothing serious to say, ${dark ? "dark" : "light"}`, async () => {
    const page = await look("minority", { dark });
    expect(await findings(page)).toEqual([]);
    const [red] = (await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).match(/\d+/g)!;
    expect(Number(red) < 80).toBe(dark);
    await picture(page, `minority-1280-${dark ? "dark" : "light"}`);
  });
}

test("the switch overrules the system", async () => {
  const page = await look("failover", { dark: true });
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  await page.getByTestId("theme").click();
  await expect.poll(background).not.toBe(dark);
  await page.getByTestId("theme").click();
  await expect.poll(background).toBe(dark);
});

for (const name of ["failover", "split", "minority"]) {
  test(`${name} fits a telephone`, async () => {
    const page = await look(name, { viewport: narrow });
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(narrow.width);
    await page.getByTestId("node-select").selectOption("m1");
    await expect.poll(() => text(page, "inspector")).toContain("What m1 believes");
    await page.getByTestId("topology").scrollIntoViewIfNeeded();
    await picture(page, `${name}-390`);
  });
}

test("what is told of this moment is in sight, however narrow the window becomes", async () => {
  const page = await look("minority");
  const inSight = () =>
    page.evaluate(() => {
      const line = document.querySelector(".story [aria-current]")!.getBoundingClientRect();
      const list = document.querySelector(".story")!.getBoundingClientRect();
      return line.top >= list.top && line.top < list.bottom;
    });
  await expect.poll(inSight).toBe(true);
  await page.setViewportSize(narrow);
  await expect.poll(inSight).toBe(true);
});

test("the verdict can be read without JavaScript", async () => {
  const page = await look("minority", { script: false });
  const body = await page.locator("body").innerText();
  expect(body).toContain("FAIL slot_ownership_agrees, one_writable_primary, converges_after_heal");
  expect(body).toContain("m4: becomes primary in m1's place, epoch 4");
});

test("another version, half a file and an empty run: a sentence", async () => {
  const whole = readFileSync(join(folder, "failover.html"), "utf8");
  const begins = whole.indexOf('id="run">') + 9;
  const ends = whole.indexOf("</script>", begins);
  const data = whole.slice(begins, ends);
  const put = (name: string, other: string) => writeFileSync(join(folder, `${name}.html`), whole.slice(0, begins) + other + whole.slice(ends));
  put("version", data.replace('"slotsim_report":1', '"slotsim_report":7'));
  put("half", data.slice(0, data.length / 2));
  const { events: _, ...rest } = JSON.parse(data);
  put("empty", JSON.stringify({ ...rest, events: [], milestones: [], clients: null, messages: { sent: [], took: [], from: [], to: [], label: [], left_out: 0 }, views: { base: 0, looks: [] } }));
  for (const [name, sentence] of [
    ["version", "of version 7"],
    ["half", "cut short"],
    ["empty", "Nothing happened in this run"],
  ] as const) {
    const page = await look(name);
    await expect.poll(() => page.locator("body").innerText()).toContain(sentence);
    await opened!.close();
  }
});

test("fifty thousand events are there to be scrubbed", async () => {
  const whole = readFileSync(join(folder, "failover.html"), "utf8");
  const begins = whole.indexOf('id="run">') + 9;
  const ends = whole.indexOf("</script>", begins);
  const data = JSON.parse(whole.slice(begins, ends));
  const changes = data.kinds.findIndex((kind: string[]) => kind[0] === "SuspicionChanged");
  const one = data.events.find((row: number[]) => row[2] === changes);
  const [, machine, kind, ...fields] = one;
  while (data.events.length < 50_000) data.events.push([100, machine, kind, ...fields]);
  writeFileSync(join(folder, "many.html"), whole.slice(0, begins) + JSON.stringify(data).replaceAll("<", "\\u003c") + whole.slice(ends));
  const page = await look("many");
  const ready = await page.evaluate(() => performance.getEntriesByName("slotsim:ready")[0]!.startTime);
  console.log(`50,000 events: ready after ${Math.round(ready)} ms`);
  // No clock decides a test: the figure is printed, and what is checked is that all of it is there to be scrubbed.
  expect(ready).toBeGreaterThan(0);
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  expect(data.events.length).toBe(50_000);
});
