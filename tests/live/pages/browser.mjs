// A browser that does as it is told: one JSON command a line in, one JSON answer a line out.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.argv[2], args: QUIET });
let page;

const acts = {
  async begin({ width, height, lang, script }) {
    if (page) await page.context().close();
    const phone = width < 600;
    const context = await browser.newContext({
      viewport: { width, height }, locale: lang, javaScriptEnabled: script, hasTouch: phone, isMobile: phone,
    });
    page = await context.newPage();
    page.setDefaultTimeout(15000);
  },
  async open({ url }) {
    const answer = await page.goto(url);
    return { status: answer.status(), bytes: (await answer.body()).length };
  },
  async fill({ on, text }) { await page.fill(on, text); },
  async choose({ on, value }) { await page.selectOption(on, value); },
  async attach({ on, file }) { await page.setInputFiles(on, file); },
  async click({ on }) { await page.click(on); },
  async submit({ on, key }) {
    await Promise.all([page.waitForEvent("load"), key ? page.keyboard.press(key) : page.click(on)]);
  },
  async press({ keys }) { for (const key of keys) await page.keyboard.press(key); },
  async text() { return { text: await page.locator("body").innerText(), url: page.url() }; },
  async focused() {
    return await page.evaluate(() => ({ tag: document.activeElement.tagName, name: document.activeElement.name || "" }));
  },
  async fits() {
    return await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, window: window.innerWidth }));
  },
  async shot({ file }) { await page.screenshot({ path: file, fullPage: true }); },
  async axe() {
    await page.evaluate(AXE);
    const told = await page.evaluate(() => window.axe.run(document));
    const seen = ({ id, impact, help, nodes }) => ({ id, impact, help, where: nodes.map((node) => node.html.slice(0, 200)) });
    return { violations: told.violations.map(seen), passes: told.passes.length };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { act, ...told } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ ok: true, ...(await acts[act](told)) }));
  } catch (error) {
    console.log(JSON.stringify({ ok: false, error: String(error).slice(0, 2000) }));
  }
}
await browser.close();
