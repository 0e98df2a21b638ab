// A browser with a report in it, offline: every request but that of the file itself is counted and refused.
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

/** Where reports are (written by tests/web beforehand) and pictures go. */
export const folder = resolve(process.env.SLOTSIM_REPORTS ?? "reports");
export const wide = { width: 1280, height: 900 };
export const narrow = { width: 390, height: 844 };

export interface Opened {
  page: Page;
  requests: string[];
  errors: string[];
  close(): Promise<void>;
}

export function launch(): Promise<Browser> {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

export async function open(
  browser: Browser,
  name: string,
  options: { viewport?: { width: number; height: number }; dark?: boolean; script?: boolean; fragment?: string } = {},
): Promise<Opened> {
  const context = await browser.newContext({
    viewport: options.viewport ?? wide,
    colorScheme: options.dark ? "dark" : "light",
    javaScriptEnabled: options.script ?? true,
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  const requests: string[] = [];
  const errors: string[] = [];
  await page.route("**/*", (route) => {
    const url = route.request().url();
    if (url.startsWith("file:") && url.includes(`${name}.html`)) return route.continue();
    if (!url.startsWith("data:")) requests.push(url);
    return route.abort();
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await page.goto(`${pathToFileURL(join(folder, `${name}.html`))}${options.fragment ?? ""}`);
  return { page, requests, errors, close: () => context.close() };
}

export async function picture(page: Page, name: string, whole = false): Promise<void> {
  mkdirSync(join(folder, "pictures"), { recursive: true });
  await page.screenshot({ path: join(folder, "pictures", `${name}.png`), fullPage: whole });
}
