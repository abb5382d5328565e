// For everybody: axe in both themes, on every page and in every state; small windows, large type, no motion, forced colours.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { GUILD, PAGE, Server } from "./mock.mjs";
import { launch } from "./stack.mjs";

const PATIENCE = { timeout: 60_000 };
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PAGES = {
  overview: "",
  servers: "?view=servers",
  server: `?view=server&server=${GUILD}`,
  player: `?view=player&server=${GUILD}&player=700000000000000001`,
  alerts: "?view=alerts",
  kiosk: "?kiosk=1",
};
let browser;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function opened(search, options = {}, prepare = () => {}, withClock = false) {
  const server = new Server({ count: 60 });
  prepare(server);
  const context = await browser.newContext(options);
  await server.attach(context);
  const page = await context.newPage();
  if (withClock) await page.clock.install();
  await page.goto(PAGE + search);
  return { server, context, page };
}

const pill = (page, words) => page.locator("[data-pill]", { hasText: words }).waitFor(PATIENCE);

/** What axe finds in either theme: the page is opened once, and changes its colours. */
async function violations(page) {
  await page.evaluate(axe);
  const found = [];
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await inThisTheme(page)).map((violation) => `${colorScheme}: ${violation}`));
  }
  return found;
}

async function inThisTheme(page) {
  const { violations } = await page.evaluate(() => {
    // A colour that is on its way to another has no contrast yet.
    document.getAnimations().forEach((animation) => animation.finish());
    // Without a selector for every element that is right, a run takes a fraction of the time.
    return axe.run(document, { resultTypes: ["violations"], selectors: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 120)} ${failureSummary}`).join(" | ")}`);
}

test("axe finds nothing on any page, in either theme", async () => {
  for (const [name, search] of Object.entries(PAGES)) {
    const { page, context } = await opened(search);
    await pill(page, "Live");
    await page.waitForLoadState("networkidle");
    if (name === "overview") {
      await page.locator("[data-seq='58'] .line").click();
      await page.locator("[data-chart=latency] summary").click();
    }
    assert.deepEqual(await violations(page), [], name);
    await context.close();
  }
});

test("axe finds nothing in any state of the connection, in either theme", async () => {
  const states = {
    Connecting: { prepare: (server) => (server.join = () => {}) },
    Live: { then: (page) => page.getByLabel("Account").click() }, // With its menu open.
    Paused: { then: (page) => page.keyboard.press("Space") },
    Stale: { then: (page) => page.clock.runFor(14_000) },
    Reconnecting: { prepare: (server) => (server.accepts = false) },
    Polling: { prepare: (server) => (server.accepts = false) },
    "Signed out": { then: (page, server) => server.cut(4501) },
    "Not permitted": { then: (page, server) => server.cut(4503) },
    "Room full": { then: (page, server) => server.cut(4529) },
    "New version": { prepare: (server) => (server.version = 2) },
  };
  for (const [words, { prepare, then }] of Object.entries(states)) {
    const options = { reducedMotion: "reduce" };
    const { page, context, server } = await opened(`?room=${GUILD}`, options, prepare, words === "Stale");
    if (then) {
      await pill(page, "Live");
      await then(page, server);
    }
    await pill(page, words);
    assert.deepEqual(await violations(page), [], words);
    await context.close();
  }
});

test("axe finds nothing wrong with an alert and an announcement, in either theme", async () => {
  const { page, context, server } = await opened("", { reducedMotion: "reduce" });
  await pill(page, "Live");
  server.say({ type: "NOTICE", data: { code: "maintenance", message: "Everything is paused." } });
  await page.locator("[data-announced]", { hasText: "Everything is paused." }).waitFor();
  const slow = { ping: { avg: 900, gateway: 900, rest: 900, changeFromLastHour: null } };
  while ((await page.locator("[data-alarmed]").count()) === 0) {
    server.tellStats(slow);
    await page.waitForTimeout(1_000);
  }
  assert.deepEqual(await violations(page), []);
  await context.close();
});

test("nothing is lost at 320 pixels, and at twice the size", async () => {
  const viewports = [{ width: 320, height: 640 }, { width: 640, height: 400 }, { width: 2560, height: 1080 }];
  for (const [name, search] of Object.entries(PAGES)) {
    const { page, context } = await opened(search, { viewport: viewports[0] });
    await pill(page, "Live");
    await page.waitForLoadState("networkidle");
    if (name === "overview") await page.getByLabel("Account").click();
    for (const viewport of viewports) {
      await page.setViewportSize(viewport);
      if (name === "overview") {
        const menu = await page.locator("[data-account] > div").boundingBox();
        assert.ok(menu.x >= 0 && menu.x + menu.width <= viewport.width, `the menu stands at ${JSON.stringify(menu)}`);
      }
      const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(content <= window, `${name}: ${content} px of content in a window of ${window} px`);
    }
    await context.close();
  }
});

test("on a phone the head is small, targets are as large as a finger, and no column lies beside the screen", async () => {
  const viewport = { width: 390, height: 844 };
  for (const [name, search] of Object.entries({ ...PAGES, kiosk: "", alone: `?room=${GUILD}` })) {
    const { page, context } = await opened(search, { viewport, hasTouch: true, isMobile: true });
    await pill(page, "Live");
    await page.waitForLoadState("networkidle");
    if (name === "server") await page.getByRole("button", { name: "Undo row 250" }).waitFor(PATIENCE);
    const { head, small, beside } = await page.evaluate(() => {
      const box = (element) => element.getBoundingClientRect();
      const shown = (element) => element.checkVisibility() && box(element).height > 0;
      const name = (element) => `${element.tagName} ${element.className} ${element.textContent.slice(0, 20)} ${box(element).height} at ${box(element).right}`;
      const touched = [...document.querySelectorAll("a:not(.skip), button, summary, select, input:not([type=checkbox]), label:has([type=checkbox])")].filter(shown);
      const parts = [...touched, ...document.querySelectorAll("th, td")].filter(shown);
      return {
        head: box(document.querySelector(".head")).height,
        small: touched.filter((element) => box(element).height < 43.9).map(name),
        beside: parts.filter((element) => box(element).left < 0 || box(element).right > innerWidth).map(name),
      };
    });
    assert.ok(head <= viewport.height * 0.12, `${name}: the head is ${head} px high`);
    assert.deepEqual([small, beside], [[], []], name);
    await context.close();
  }
});

test("at a wall nothing that is read from afar is cut", async () => {
  const { page, context, server } = await opened("?kiosk=1", { viewport: { width: 1920, height: 1080 } });
  await pill(page, "Live");
  server.tellStats({ uptime: 330, ping: { avg: 141.5, gateway: 138, rest: 145, changeFromLastHour: -13.2 } });
  await page.locator("[data-figure=uptime]", { hasText: "5 min 30 s" }).waitFor(PATIENCE);
  const cut = await page.evaluate(() =>
    [...document.querySelectorAll(".card h2, .value, .notes p, .message, .when, .amount, .handled, .held, .chart-now")]
      .filter((part) => part.checkVisibility() && part.scrollWidth > part.clientWidth + 1).map(({ textContent }) => textContent));
  assert.deepEqual(cut, []);
  await context.close();
});

test("without motion nothing moves, and with forced colours states are still told apart", async () => {
  const { page, context, server } = await opened("", { reducedMotion: "reduce", forcedColors: "active" });
  await pill(page, "Live");
  server.record(1);
  await page.locator("[data-seq='61']").waitFor(PATIENCE);
  const moving = () => document.getAnimations().filter(({ animationName }) => animationName !== undefined).length;
  assert.equal(await page.evaluate(moving), 0);
  assert.deepEqual(await violations(page), []);
  await context.close();
});

test("status is spoken when it changes, and numbers never", async () => {
  const { page, context, server } = await opened("");
  await pill(page, "Live");
  await page.evaluate(() => {
    window.spoken = [];
    const listen = new MutationObserver((changes) =>
      changes.forEach(({ target }) => {
        const region = (target.closest ? target : target.parentElement)?.closest("[role=status], [role=alert], [aria-live]");
        if (region) window.spoken.push(region.textContent);
      }),
    );
    listen.observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  for (let burst = 0; burst < 5; burst += 1) {
    server.record(20);
    server.tellStats({ viewers: burst + 10 });
    await page.locator("[data-viewers]", { hasText: `${burst + 10}` }).waitFor(PATIENCE);
  }
  assert.deepEqual(await page.evaluate(() => window.spoken), []);
  await page.keyboard.press("Space");
  await pill(page, "Paused");
  assert.deepEqual([...new Set(await page.evaluate(() => window.spoken))], ["Paused"]);
  await context.close();
});

test("by keyboard alone: every control is reached, and shows that it is", async () => {
  const { page, context } = await opened("");
  await pill(page, "Live");
  const reached = new Set();
  for (let step = 0; step < 120; step += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const at = document.activeElement;
      const { outlineStyle, boxShadow } = getComputedStyle(at);
      const name = at.dataset.go ?? at.dataset.range ?? at.dataset.by ?? at.dataset.filter ?? at.dataset.export ?? at.dataset.severityPick ?? (at.tagName === "SUMMARY" && at.ariaLabel || at.className);
      return { name, shown: outlineStyle !== "none" || boxShadow !== "none", tag: at.tagName };
    });
    if (stop.tag === "BODY") break;
    assert.ok(stop.shown, `${stop.tag} ${stop.name} shows no focus`);
    reached.add(stop.name);
  }
  for (const name of ["overview", "servers", "alerts", "1h", "30d", "plot", "q", "error", "Account", "csv", "line", "wealth"]) {
    assert.ok(reached.has(name), `${name} of ${[...reached]}`);
  }
  await context.close();
});
