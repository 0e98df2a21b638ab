// Puts script and style of the built page into it, and writes the checksum of what it was built from beside it.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const here = fileURLToPath(new URL("..", import.meta.url));
const out = process.argv[2] ?? join(here, "template.html");
let page = readFileSync(join(here, "dist/index.html"), "utf8");
const assets = readdirSync(join(here, "dist/assets")).sort();
for (const name of assets) {
  const text = readFileSync(join(here, "dist/assets", name), "utf8");
  if (name.endsWith(".css")) {
    page = page.replace(/\s*<link rel="stylesheet"[^>]*>/, () => `\n    <style>${text.trim()}</style>`);
  } else {
    page = page.replace(/\s*<script type="module"[^>]*><\/script>/, "");
    const safe = text.trim().replaceAll("</script", "<\\/script");
    page = page.replace("</body>", () => `  <script type="module">${safe}</script>\n  </body>`);
  }
}
for (const mark of ["title", "static", "data"]) {
  const count = page.split(`<!--slotsim:${mark}-->`).length - 1;
  if (count !== 1) throw new Error(`the mark ${mark} is ${count} times in the page`);
}
writeFileSync(out, page);
const sum = createHash("sha256").update(page).digest("hex");
if (process.argv[2] === undefined) writeFileSync(join(here, "template.sha256"), `${sum}  template.html\n`);
console.log(`${out}: ${page.length} characters, sha256 ${sum}`);
