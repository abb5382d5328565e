// The page of alerts: incidents, channels and rules before a server that is played; axe, both themes, a phone.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync } from "node:zlib";

import { DIST, GUILD, PAGE, Server } from "./mock.mjs";
import { launch } from "./stack.mjs";

const PATIENCE = { timeout: 60_000 };
const BYTES_MAX = 20_000;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

function rule(kind, title, unit, threshold) {
  const rule = { kind, on: true, threshold, holdS: 10, hysteresis: 20, severity: "warn", coolDownS: 600 };
  return { rule, default: rule, title, about: `${title}, in words.`, unit, bounds: [10, 60_000] };
}

function incident(id, more = {}) {
  return {
    id, kind: "gatewaySpike", severity: "warn", since: Date.now() - 90_000, openedAt: Date.now() - 80_000, until: null,
    threshold: 500, peak: 612, touched: { servers: 3, commands: 15, players: 120 }, returns: 0, version: 1,
    title: "Gateway latency, 10 s", unit: "ms", cause: "gateway", advice: ["Look at Discord's status.", "Look at the network."], ...more,
  };
}

/** A room that does what it is asked, and remembers what that was. */
class Room {
  asked = [];
  rules = [rule("gatewaySpike", "Gateway latency, 10 s", "ms", 500), rule("failedCommands", "Failed commands", "percent", 10)];
  channels = [];
  incidents = [incident("2"), incident("1", { until: Date.now() - 60_000, title: "The bot is silent", unit: "s", severity: "error" })];
  status = 200;

  alerts() {
    return { rules: this.rules, channels: this.channels, incidents: this.incidents };
  }

  answer(method, path, body) {
    this.asked.push([method, path, body]);
    if (this.status !== 200) return { status: this.status, json: { error: { code: "signed_out", message: "Sign in." } } };
    if (method === "GET") return { json: this.alerts() };
    if (path === "/rules") {
      this.rules = this.rules.map((shown) => ({ ...shown, rule: body.rules.find(({ kind }) => kind === shown.rule.kind) }));
      return { json: this.alerts() };
    }
    if (path === "/channels" && !body.url.startsWith("https://")) {
      return { status: 400, json: { error: { code: "bad_channel", message: "`url` begins with another scheme than https://." } } };
    }
    if (path === "/channels") {
      const channel = { id: "9", hint: "hooks.example.com …hook", on: true, addedAt: Date.now(), ...body, url: undefined };
      this.channels.push(channel);
      return { status: 201, json: { id: "9", hint: channel.hint, secret: body.kind === "webhook" ? "whsec_abc" : null } };
    }
    if (path.endsWith("/test")) return { json: { ok: false, status: 404, tookMs: 12, answer: "<h1>Nobody</h1>" } };
    if (path.startsWith("/incidents/") && body.action === "acknowledge") this.incidents[0].acknowledged = { name: "Ada", at: Date.now() };
    if (method === "DELETE") this.channels = [];
    return { status: 204 };
  }
}

async function opened(options = {}, room = new Room()) {
  const context = await browser.newContext(options);
  await new Server().attach(context);
  await context.route("**/api/alerts**", async (route) => {
    const [request, url] = [route.request(), new URL(route.request().url())];
    await route.fulfill(room.answer(request.method(), url.pathname.slice("/api/alerts".length), request.postDataJSON()));
  });
  const page = await context.newPage();
  await page.goto(`${PAGE}alerts`);
  return { context, page, room };
}

test("an incident says what to do, and is taken on", async () => {
  const { context, page, room } = await opened();
  const row = page.locator("[data-incidents] > li", { hasText: "Gateway latency" });
  await row.waitFor(PATIENCE);
  const words = await row.textContent();
  for (const part of ["Warning", "at worst 612 ms", "Discord's gateway", "3 servers", "120 players", "Look at the network."]) {
    assert.ok(words.includes(part), `${part}: ${words}`);
  }
  assert.match(await page.locator("[data-incidents] > li", { hasText: "The bot is silent" }).textContent(), /Over/);
  await row.getByRole("button", { name: "Take it on" }).click();
  await page.getByText("Taken on by Ada").waitFor(PATIENCE);
  assert.deepEqual(room.asked.find(([method]) => method === "POST"), ["POST", "/incidents/2", { action: "acknowledge" }]);
  await context.close();
});

test("a channel is added, tried and removed; a wrong address is refused beside its form", async () => {
  const { context, page, room } = await opened();
  await page.locator("[data-add] [name=kind]").selectOption("webhook");
  await page.getByLabel("Name").fill("Pager");
  await page.getByLabel("Address").fill("http://hooks.example.com/hook");
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByText("another scheme than https://").waitFor(PATIENCE);
  await page.getByLabel("Address").fill("https://hooks.example.com/hook");
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByText("whsec_abc").waitFor(PATIENCE);
  assert.equal(await page.getByLabel("Address").inputValue(), "");
  await page.getByRole("button", { name: "Test Pager" }).click();
  await page.getByText("not taken, it answered 404 after 12 ms. <h1>Nobody</h1>").waitFor(PATIENCE);
  page.on("dialog", (dialog) => dialog.accept());
  await page.getByRole("button", { name: "Remove Pager" }).click();
  await page.locator("[data-channels]:empty").waitFor({ ...PATIENCE, state: "attached" });
  assert.ok(room.asked.some(([method, path]) => method === "DELETE" && path === "/channels/9"));
  await context.close();
});

test("a webhook is sent the events that were chosen", async () => {
  const { context, page, room } = await opened();
  const kinds = page.getByRole("group", { name: "Kinds of events" });
  await page.getByLabel("Name").waitFor(PATIENCE);
  assert.ok(await kinds.isHidden(), "Discord's channels are sent incidents alone");
  await page.locator("[data-add] [name=kind]").selectOption("webhook");
  await page.getByLabel("Name").fill("Ledger");
  await page.getByLabel("Address").fill("https://hooks.example.com/hook");
  await page.getByLabel("Send events of the economy").check();
  await page.getByLabel("Tell incidents").uncheck();
  await kinds.getByLabel("Payments").check();
  await kinds.getByLabel("Levels").check();
  await page.locator("[name=guildId]").selectOption({ label: "Coffee Club" });
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByText("Is sent events: Payments, Levels; all severities, of Coffee Club").waitFor(PATIENCE);
  const [, , body] = room.asked.find(([method, path]) => method === "POST" && path === "/channels");
  assert.deepEqual([body.incidents, body.events], [false, { sources: ["transfer", "level_up"], guildId: GUILD }]);
  await page.locator("[data-events]").waitFor({ ...PATIENCE, state: "hidden" });
  await context.close();
});

test("rules are saved as they are shown, quiet hours too", async () => {
  const { context, page, room } = await opened();
  await page.getByLabel("Gateway latency, 10 s: threshold").fill("450");
  await page.getByLabel("Gateway latency, 10 s: quiet from").fill("22:00");
  await page.getByLabel("Gateway latency, 10 s: quiet to").fill("07:30");
  await page.getByLabel("Failed commands: on").uncheck();
  await page.getByRole("button", { name: "Save the rules" }).click();
  await page.getByText("The rules are saved").waitFor(PATIENCE);
  const [, , { rules }] = room.asked.find(([method]) => method === "PUT");
  assert.deepEqual([rules[0].threshold, rules[0].quiet, rules[0].hysteresis, rules[1].on], [450, { from: 1320, to: 450 }, 20, false]);
  assert.equal(await page.getByLabel("Gateway latency, 10 s: quiet to").inputValue(), "07:30");
  await context.close();
});

test("who is signed out is shown the way in", async () => {
  const room = new Room();
  room.status = 401;
  const { context, page } = await opened({}, room);
  const link = page.getByRole("link", { name: "Sign in with Discord" });
  await link.waitFor(PATIENCE);
  assert.equal(await link.getAttribute("href"), "/login?next=/alerts");
  assert.equal(await page.locator("[data-all]").isHidden(), true);
  await context.close();
});

for (const colorScheme of ["dark", "light"]) {
  test(`axe finds nothing, on a desk and on a phone, ${colorScheme}`, async () => {
    for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
      const room = new Room();
      room.channels = [{ id: "9", kind: "discord", name: "Watch", hint: "discord.com …oken", severity: "warn", on: false, offBecause: "it is gone" }];
      const { context, page } = await opened({ colorScheme, viewport }, room);
      await page.locator("[data-channels] > li").waitFor(PATIENCE);
      await page.locator("[data-add] [name=kind]").selectOption("webhook");
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() =>
        axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`), []);
      const [scrollWidth, clientWidth] = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return [scrollWidth, clientWidth];
      });
      assert.ok(scrollWidth <= clientWidth, `${scrollWidth} of ${clientWidth} pixels`);
      if (process.env.PULSE_SCREENS) {
        await page.screenshot({ path: join(process.env.PULSE_SCREENS, `incidents-${viewport.width}-${colorScheme}.png`), fullPage: true });
      }
      await context.close();
    }
  });
}

test("what it loads beside the rest is small, and named by what is in it", () => {
  const files = ["alerts.html", ...readdirSync(join(DIST, "apart")).map((name) => `apart/${name}`)];
  const sum = files.reduce((sum, name) => sum + brotliCompressSync(readFileSync(join(DIST, name))).length, 0);
  assert.ok(sum <= BYTES_MAX, `${sum} bytes`);
  for (const name of readdirSync(join(DIST, "apart"))) assert.match(name, /-[0-9a-f]{16}\.\w+$/);
  assert.doesNotMatch(readFileSync(join(DIST, "alerts.html"), "utf8"), / style=|<script>|<style|(?:src|"stylesheet" href)="\/(?!assets\/|apart\/)/);
});
