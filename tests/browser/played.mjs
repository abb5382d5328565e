// A page before a played server, both new for each test; a mistake in the page's own code fails the test that met it.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach } from "node:test";

import { PAGE, Server } from "./mock.mjs";
import { launch } from "./stack.mjs";

export { PAGE };
export const PATIENCE = { timeout: 60_000 };
export let server;
export let context;
export let page;
let browser;
const complaints = [];

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true });
  await play();
  page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
});
afterEach(async () => {
  await context.close();
  assert.deepEqual(complaints.splice(0), [], "nothing went wrong in the page's own code");
});

/** Another server than the usual one. */
export async function play(options) {
  server = new Server(options);
  await server.attach(context);
}

export const pill = (words) => page.locator("[data-pill]", { hasText: words }).waitFor(PATIENCE);
export const rows = () => page.locator("[data-events] > li");
export const row = (words) => page.locator("[data-events] > li", { hasText: words });
export const scrollTop = () => page.locator("[data-scroll]").evaluate((area) => area.scrollTop);
export const address = (words) => page.waitForURL(words, PATIENCE);

export async function open(search = "") {
  await page.goto(PAGE + search);
  await pill("Live");
}

export async function until(what, condition) {
  const deadline = Date.now() + PATIENCE.timeout;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `still not: ${what}`);
    await page.waitForTimeout(50);
  }
}

/** Scrolls the events down to a place. It is there once so many rows are. */
export async function scrollTo(top) {
  await until(`scrolled to ${top}`, () =>
    page.locator("[data-scroll]").evaluate((area, top) => (area.scrollTop = top) && area.scrollTop === top, top));
}

/** Lets the page's clock run ahead; its timers fire on the way. */
export async function withClock() {
  await page.clock.install();
}
