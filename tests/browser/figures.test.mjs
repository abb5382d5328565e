// The figures as an administrator notices them: charts, alerts, and amounts at their ends.
import assert from "node:assert/strict";
import { test } from "node:test";

import { PAGE, PATIENCE, address, context, open, page, pill, play, server, until } from "./played.mjs";

test("charts have ranges, a read-out by keyboard, gaps, and a table", async () => {
  await open();
  const chart = page.locator("[data-chart=latency]");
  const line = () => chart.locator(".line").getAttribute("d");
  await until("a line", async () => (await line())?.length > 100);
  assert.ok((await line()).match(/M/g).length >= 2, "a gap is a gap");
  assert.ok((await line()).match(/[ML]/g).length <= 500);
  assert.match(await chart.locator(".plot").getAttribute("aria-label"), /Latency, last 1h: from .* to .* now/);
  await chart.locator(".plot").focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  assert.match(await chart.locator("[data-heard]").textContent(), /\d+ ms$/);
  await chart.locator("summary").click();
  await until("a table", async () => (await chart.locator("tr").count()) > 50);
  const before = await line();
  await page.locator("[data-range='24h']").click();
  await until("another line", async () => (await line()) !== before && (await line()).length > 100);
  await address(/range=24h/);
  server.routes["/api/history"] = () => ({ status: 404, body: "" });
  await page.locator("[data-range='30d']").click();
  await page.locator("[data-history-note]", { hasText: "There is nothing here" }).waitFor(PATIENCE);
});

test("an alert is raised with everything that shows it, taken back, and kept in the log", async () => {
  await open();
  const slow = { ping: { avg: 412, gateway: 400, rest: 420, changeFromLastHour: null } };
  // The page looks once a second: a look is a set of numbers of its own.
  const tell = async (more) => {
    server.tellStats(more);
    await page.waitForTimeout(1_100);
  };
  await until("an alert", async () => {
    await tell(slow);
    return (await page.locator("[data-card=latency][data-alarmed]").count()) === 1;
  });
  await page.locator("[data-alarm]", { hasText: "Latency 412 ms" }).waitFor(PATIENCE);
  assert.match(await page.title(), /^Latency 412 ms/);
  assert.match(await page.locator("#icon").getAttribute("href"), /icon-alert/);
  await until("its end", async () => {
    await tell({});
    return (await page.locator("[data-alarmed]").count()) === 0;
  });
  assert.equal(await page.title(), "Pulse");
  await page.getByRole("link", { name: "Alerts" }).click();
  await page.locator("[data-alert-log] td", { hasText: "412 ms" }).waitFor(PATIENCE);
  await page.locator("[data-threshold=latency]").fill("");
  await page.locator("[data-threshold=errors]").fill("12.5");
  await page.locator("[data-threshold=errors]").blur();
  await page.reload();
  await pill("Live");
  assert.equal(await page.locator("[data-threshold=latency]").inputValue(), "");
  assert.equal(await page.locator("[data-threshold=errors]").inputValue(), "12.5");
  assert.equal(await page.locator("[data-alert-log] tbody tr").count(), 1);
});

test("amounts in a sentence are in the digits and with the grouping of all other numbers", async () => {
  const numbers = { "de-DE": ["1.234.567", /[^0-9]/], "ar-EG": ["١٬٢٣٤٬٥٦٧", /[^٠-٩]/], "en-IN": ["12,34,567", /[^0-9]/] };
  for (const [locale, [amount, others]] of Object.entries(numbers)) {
    const foreign = await context.browser().newContext({ locale });
    await server.attach(foreign);
    const read = await foreign.newPage();
    await read.goto(PAGE);
    await read.locator("[data-pill]", { hasText: "Live" }).waitFor(PATIENCE);
    const parts = ["Ann paid Bob ", { coins: "1234567" }, ", on ", { number: 14 }, " days"];
    server.record(1, { message: "Ann paid Bob 1,234,567 coins, on 14 days", parts, amount: "1234567", handledMs: 1_003 });
    const row = read.locator(`[data-seq='${server.seq}']`);
    await row.waitFor(PATIENCE);
    const told = await row.locator(".message").textContent();
    assert.match(told, new RegExp(`^Ann paid Bob ${amount} coins, on .. days$`), locale);
    assert.equal(await row.locator(".amount").textContent(), amount);
    assert.ok((await read.locator("[data-card=wealth] [data-value]").textContent()).includes(amount));
    const digits = (await row.locator(".line").textContent()).match(/\p{Nd}/gu);
    assert.deepEqual(digits.filter((digit) => others.test(digit)), [], `${locale}: one script`);
    await foreign.close();
  }
});

test("an alert that lasts over a reload stays one, since when it began", async () => {
  await open("?view=alerts");
  const slow = (ms) => server.tellStats({ ping: { avg: ms, gateway: ms, rest: ms, changeFromLastHour: null } });
  const log = page.locator("[data-alert-log] tbody tr");
  for (const ms of [500, 700, 600]) {
    await until(`an alert, ${ms}`, async () => {
      slow(ms);
      return (await log.filter({ hasText: `${Math.max(ms, 500)} ms` }).or(log.filter({ hasText: "700 ms" })).count()) > 0;
    });
    await page.reload();
    await pill("Live");
  }
  assert.equal(await log.count(), 1);
  await log.getByText("lasts").waitFor(PATIENCE);
  await page.locator("[data-alarm]", { hasText: "Latency 700 ms" }).waitFor(PATIENCE);
});

test("an alert makes a sound and tells the system only where that was asked for", async () => {
  await page.addInitScript(() => {
    window.tones = 0;
    window.told = [];
    const play = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
      window.tones += 1;
      return play.apply(this, when);
    };
    window.Notification = class {
      static permission = "default";
      static requestPermission = async () => (window.Notification.permission = window.answer ?? "denied");
      constructor(text) {
        window.told.push(text);
      }
    };
  });
  await open("?view=alerts");
  const [sound, notify] = [page.locator("[data-sound]"), page.locator("[data-notify]")];
  assert.deepEqual([await sound.isChecked(), await notify.isChecked()], [false, false], "by default it is quiet");
  await notify.click();
  await page.locator("[data-notify-note]", { hasText: "does not allow notifications" }).waitFor(PATIENCE);
  assert.equal(await notify.isChecked(), false);
  const raise = async (latency) => {
    server.tellStats({ ping: { avg: latency, gateway: latency, rest: latency, changeFromLastHour: null } });
    await page.waitForTimeout(1_100);
    return page.locator("[data-alarm]").textContent();
  };
  await until("an alert", async () => (await raise(700)).includes("700 ms"));
  assert.deepEqual(await page.evaluate(() => [window.tones, window.told]), [0, []], "nobody asked for it");
  await until("its end", async () => (await raise(20)) === "");
  await page.evaluate(() => (window.answer = "granted"));
  await notify.click();
  await until("permission", () => notify.isChecked());
  await sound.check();
  await page.getByRole("button", { name: "Try it" }).click();
  await until("two tones", async () => (await page.evaluate(() => window.tones)) === 2);
  await until("another alert", async () => (await raise(800)).includes("800 ms"));
  await until("two more tones", async () => (await page.evaluate(() => window.tones)) === 4);
  await until("a notification", async () => (await page.evaluate(() => window.told.at(-1))) === "Latency 800 ms");
});

test("figures at the ends of what they can be are shown whole", async () => {
  await open();
  server.tellStats({
    economy: { totalWealth: "9223372036854775807", avgLevel: 1e6, topStreak: 4294967295, minted24h: "0", burned24h: "0", balanced: false },
    ping: { avg: null, gateway: null, rest: null, changeFromLastHour: null }, handling: { p50: null, p99: null }, uptime: null,
    bot: { name: "x".repeat(200), avatarUrl: null, status: "offline" },
  });
  await page.getByText("9,223,372,036,854,775,807").waitFor(PATIENCE);
  await page.getByText("books do NOT balance").waitFor(PATIENCE);
  await until("no number", async () => (await page.locator("[data-figure=latency]").textContent()) === "—");
  const [wide, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= window_);
});

test("printed, it is the figures and the newest events on a few pages, in light colours", async () => {
  await play({ count: 3_000 });
  await open();
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  for (const gone of ["nav", ".filters", "[data-pause]", "[data-account]"]) {
    assert.equal(await page.locator(gone).first().isVisible(), false, gone);
  }
  await page.locator("[data-seq='3000']").waitFor(PATIENCE);
  const paper = await page.pdf({ format: "A4" });
  const pages = paper.toString("latin1").match(/\/Type \/Page\b/g).length;
  assert.ok(pages <= 6, `${pages} pages`);
  const ground = await page.locator("body").evaluate((body) => getComputedStyle(body).backgroundColor);
  assert.match(ground, /0\.9/, "a light one");
});

test("a lost gateway shows in the head, the card, the uptime and an alert, and REST is not graded in its place", async () => {
  await open();
  const figure = (name) => page.locator(`[data-figure=${name}]`).first();
  const lost = (seconds) => ({ shards: 1, active: 0, lostSince: Date.now() - seconds * 1_000, tries: 23, losses: 1 });
  const ping = { avg: 47, gateway: null, rest: 47, changeFromLastHour: null };
  // An alert takes two looks, a second apart or more.
  await until("an alert", async () => {
    server.tellStats({ ping, gateway: lost(69) });
    return /Gateway disconnected/.test(await page.locator("[data-alarm]").textContent());
  });
  await figure("bot-state").filter({ hasText: "gateway disconnected for 1 min 9 s, 23 tries" }).waitFor(PATIENCE);
  assert.deepEqual([await figure("latency").textContent(), await figure("latency-grade").textContent()], ["—", "disconnected"]);
  assert.equal(await figure("uptime-of").textContent(), "of the bot; its gateway was lost once");
  for (let look = 0; look < 3; look += 1) server.tellStats({ gateway: { shards: 1, active: 1, lostSince: null, tries: 0, losses: 1 } });
  await figure("bot-state").filter({ hasText: /^online$/ }).waitFor(PATIENCE);
  server.tellStats({ ping, gateway: { shards: 1, active: 1, lostSince: null, tries: 0, losses: 1 } });
  await figure("latency-grade").filter({ hasText: "by REST" }).waitFor(PATIENCE);
});
