// Takes the two pictures of README.md again: node browser/readme.mjs FOLDER, which holds minority.html and split.html.
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const images = fileURLToPath(new URL("../../../docs/images/", import.meta.url));
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
for (const [name, fragment, height] of [
  ["minority", "", 800],
  ["split", "#t=25s&node=m1&seen=1", 1060],
]) {
  const page = await browser.newPage({ viewport: { width: 1180, height }, reducedMotion: "reduce" });
  await page.goto(`${pathToFileURL(join(resolve(process.argv[2]), `${name}.html`))}${fragment}`);
  await page.screenshot({ path: join(images, `report-${name}.jpg`), type: "jpeg", quality: 72 });
}
await browser.close();
