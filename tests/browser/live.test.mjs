// What an administrator notices, before a played server: each state of the connection, and all that can be done.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { GUILD, PAGE, Server, event } from "./mock.mjs";
import { launch } from "./stack.mjs";

const PATIENCE = { timeout: 30_000 };
let browser;
let server;
let context;
let page;
const complaints = [];

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

beforeEach(async () => {
  server = new Server();
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true });
  await server.attach(context);
  page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
});
afterEach(async () => {
  await context.close();
  assert.deepEqual(complaints.splice(0), [], "nothing went wrong in the page's own code");
});

const pill = (words) => page.locator("[data-pill]", { hasText: words }).waitFor(PATIENCE);
const rows = () => page.locator("[data-events] > li");
const row = (words) => page.locator("[data-events] > li", { hasText: words });
const scrollTop = () => page.locator("[data-scroll]").evaluate((area) => area.scrollTop);

async function open(search = "") {
  await page.goto(PAGE + search);
  await pill("Live");
}

async function until(what, condition) {
  const deadline = Date.now() + PATIENCE.timeout;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `still not: ${what}`);
    await page.waitForTimeout(50);
  }
}

/** Lets the page's clock run ahead; its timers fire on the way. */
async function withClock() {
  await page.clock.install();
}

test("live, stale, reconnecting, and live again: the pill says each, and the numbers lose their weight meanwhile", async () => {
  await withClock();
  await open();
  assert.equal(await page.locator("main.doubtful").count(), 0);
  await page.clock.runFor(14_000);
  await pill(/Stale 1\d s/);
  await page.locator("main.doubtful").waitFor(PATIENCE);
  assert.match(await page.locator("[data-as-of]").textContent(), /^as of .*\d/);
  server.accepts = false;
  await page.clock.runFor(8_000);
  await until("reconnecting", async () => {
    await page.clock.runFor(500);
    return /Reconnecting|Polling/.test(await page.locator("[data-pill]").textContent());
  });
  assert.ok((await rows().count()) > 0, "what was known is still shown");
  server.accepts = true;
  await until("a button", async () => {
    await page.clock.runFor(200);
    return (await page.locator("[data-retry]").isVisible()) || (await page.locator("[data-pill]").textContent()) === "Live";
  });
  if (await page.locator("[data-retry]").isVisible()) await page.locator("[data-retry]").click();
  await until("live", async () => {
    await page.clock.runFor(500);
    return (await page.locator("[data-pill]").textContent()) === "Live";
  });
  assert.equal(await page.locator("main.doubtful").count(), 0);
});

test("paused, five hundred events arrive; resumed, all are there in order, and the reader's place is kept", async () => {
  await open();
  await page.locator("[data-scroll]").evaluate((area) => (area.scrollTop = 400));
  await until("a window on the middle", async () => (await scrollTop()) === 400);
  const before = await page.evaluate(() => {
    const area = document.querySelector("[data-scroll]").getBoundingClientRect();
    return document.elementFromPoint(area.left + 200, area.top + 150).closest("[data-seq]").dataset.seq;
  });
  const place = () =>
    page.evaluate((seq) => document.querySelector(`[data-seq="${seq}"]`)?.getBoundingClientRect().top, before);
  const top = await place();
  await page.keyboard.press("Space");
  await pill("Paused");
  const total = await page.locator("[data-figure=commands]").textContent();
  for (let burst = 0; burst < 10; burst += 1) server.record(50);
  server.tellStats({ commands: { total: 99_999, lastHour: 1, refusedLastHour: 0, failedLastHour: 0, changeFromLastMonth: null } });
  await pill("Paused (+500)");
  assert.equal(await page.locator("[data-figure=commands]").textContent(), total, "the numbers stand still, too");
  assert.equal(await row("Ann claimed 41 coins").count(), 0);
  assert.ok(Math.abs((await place()) - top) < 1, "nothing moves while paused");
  await page.locator("[data-pause]").click();
  await pill("Live");
  await page.locator("[data-fresh]", { hasText: "new" }).waitFor(PATIENCE);
  await until("the place", async () => Math.abs((await place()) - top) <= 1);
  await until("the new numbers", async () => (await page.locator("[data-figure=commands]").textContent()) === "99,999");
  // All of them, once each, in order.
  const seen = await page.evaluate(async () => {
    const area = document.querySelector("[data-scroll]");
    const seen = new Set();
    for (let top = 0; top <= area.scrollHeight; top += 200) {
      area.scrollTop = top;
      await new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame)));
      const inSight = [...document.querySelectorAll("[data-events] > li")].map((row) => Number(row.dataset.seq));
      if (inSight.some((seq, index) => index > 0 && seq !== inSight[index - 1] - 1)) return "out of order";
      inSight.forEach((seq) => seen.add(seq));
    }
    return seen.size;
  });
  assert.equal(seen, 540);
});

test("scrolled down, new events are counted and do not move what is read", async () => {
  await open();
  await page.locator("[data-scroll]").evaluate((area) => (area.scrollTop = 300));
  await until("scrolled", async () => (await scrollTop()) === 300);
  server.record(12);
  await page.locator("[data-fresh]", { hasText: "12 new" }).waitFor(PATIENCE);
  assert.ok((await scrollTop()) > 300);
  await page.locator("[data-fresh]").click();
  await row("Ann claimed 52 coins").waitFor(PATIENCE);
  await page.locator("[data-fresh]").waitFor({ state: "hidden", ...PATIENCE });
});

test("filters narrow what is shown, stand in the address, and survive a reload", async () => {
  await open();
  server.record(1, { severity: "error", source: "command", message: "Bob's command failed" });
  await row("Bob's command failed").waitFor(PATIENCE);
  const severity = (name) => page.getByRole("group", { name: "Severity" }).getByRole("button", { name });
  await severity("Error").click();
  await until("one row", async () => (await rows().count()) === 1);
  assert.match(page.url(), /severity=error/);
  await page.reload();
  await pill("Live");
  await until("one row", async () => (await rows().count()) === 1);
  assert.equal(await severity("Error").getAttribute("aria-pressed"), "true");
  await page.keyboard.press("/");
  await page.keyboard.type("nobody at all");
  await page.locator("[data-empty]", { hasText: "Change the filter" }).waitFor(PATIENCE);
  await page.locator("[data-clear]").click();
  await until("all rows", async () => (await rows().count()) > 10);
  assert.doesNotMatch(page.url(), /severity|q=/);
  await page.locator("[data-filter=guild]").selectOption({ label: "Book Circle" });
  await until("none", async () => (await rows().count()) === 0);
});

test("several severities are shown at once, and asked for at once", async () => {
  server = new Server({ count: 900 });
  for (const { seq } of server.events) if (seq % 300 === 0) Object.assign(server.events[seq - 1], { severity: "error", message: `Failure ${seq}` });
  for (const { seq } of server.events) if (seq % 300 === 7) Object.assign(server.events[seq - 1], { severity: "warn", message: `Warning ${seq}` });
  await server.attach(context);
  await open("?severity=error");
  await until("errors", async () => (await rows().count()) === 3);
  await page.getByRole("button", { name: "Warning", exact: true }).click();
  await until("both", async () => (await rows().count()) === 6);
  assert.match(page.url(), /severity=error&severity=warn/);
  assert.ok(server.questions.some((question) => question.includes("severity=error&severity=warn")), "older ones, too");
  await page.reload();
  await until("both", async () => (await rows().count()) === 6);
  await page.getByRole("button", { name: "Error", exact: true }).click();
  await until("warnings", async () => (await row("Warning").count()) === 3 && (await rows().count()) === 3);
});

test("an event opens, and leads to its player and its journal row", async () => {
  await open();
  await page.locator("[data-seq='38'] .line").click();
  const details = page.locator("[data-seq='38'] .details");
  await details.getByText("1000000038").waitFor(PATIENCE);
  server.record(3);
  await row("Ann claimed 43 coins").waitFor(PATIENCE);
  assert.ok(await details.isVisible(), "what comes on top does not close it");
  await details.getByRole("link", { name: "Journal row" }).click();
  await page.locator("tr[aria-current=true]").waitFor(PATIENCE);
  assert.match(page.url(), /view=server&server=\d+&row=1000000038/);
  await page.goBack();
  await page.locator("[data-seq='38'] .details").waitFor(PATIENCE); // Still open.
  await page.locator("[data-seq='38'] .details").getByRole("link", { name: "Ann" }).click();
  await page.getByRole("heading", { name: "Ann" }).waitFor(PATIENCE);
  await page.getByText("Fishing rod × 2").waitFor(PATIENCE);
});

test("scrolling on goes back through older events, and ten thousand rows keep few in the document", async () => {
  server = new Server({ count: 10_000 });
  await server.attach(context);
  await open();
  await until("the first event", async () => {
    await page.locator("[data-scroll]").evaluate((area) => (area.scrollTop = area.scrollHeight));
    return (await page.locator("[data-seq='1']").count()) === 1;
  });
  assert.ok((await rows().count()) < 80, `${await rows().count()} rows in the document`);
  await page.locator("[data-more]", { hasText: "first event" }).waitFor(PATIENCE);
  const asked = server.questions.filter((question) => question.startsWith("/api/events?"));
  assert.equal(new Set(asked).size, asked.length, "no page is asked for twice");
});

test("what is filtered can be taken along as CSV and JSON", async () => {
  await open("?q=claimed+3");
  for (const [kind, check] of [
    ["csv", (text) => assert.equal(text.trim().split("\r\n").length, 1 + 11)],
    ["json", (text) => assert.equal(JSON.parse(text).length, 11)],
  ]) {
    const saved = page.waitForEvent("download", PATIENCE);
    await page.locator(`[data-export=${kind}]`).click();
    const stream = await (await saved).createReadStream();
    check(Buffer.concat(await stream.toArray()).toString());
  }
});

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
  assert.match(page.url(), /range=24h/);
  server.routes["/api/history"] = () => ({ status: 404, body: "" });
  await page.locator("[data-range='30d']").click();
  await page.locator("[data-history-note]", { hasText: "older than the page" }).waitFor(PATIENCE);
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
  assert.deepEqual(await page.evaluate(() => [window.tones, window.told.at(-1)]), [4, "Latency 800 ms"]);
});

test("printed, it is the figures and the newest events on a few pages, in light colours", async () => {
  server = new Server({ count: 3_000 });
  await server.attach(context);
  await open();
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  for (const gone of ["nav", ".filters", "[data-pause]", "[data-account]"]) {
    assert.equal(await page.locator(gone).first().isVisible(), false, gone);
  }
  assert.ok(await page.locator("[data-seq='3000']").isVisible());
  const paper = await page.pdf({ format: "A4" });
  const pages = paper.toString("latin1").match(/\/Type \/Page\b/g).length;
  assert.ok(pages <= 6, `${pages} pages`);
  const ground = await page.locator("body").evaluate((body) => getComputedStyle(body).backgroundColor);
  assert.match(ground, /0\.9/, "a light one");
});

test("one server alone: its own socket, snapshot, history and events, over all navigation", async () => {
  server = new Server({ count: 700 });
  await server.attach(context);
  await open(`?view=server&server=${GUILD}`);
  await page.getByRole("link", { name: "Live: this server alone" }).click();
  await page.locator("[data-alone]", { hasText: "only Coffee Club" }).waitFor(PATIENCE);
  await pill("Live");
  assert.deepEqual(server.joined, ["", `?room=${GUILD}`]);
  assert.ok(server.questions.includes(`/api/snapshot?room=${GUILD}`));
  await page.locator("[data-range='24h']").click();
  await until("history", () => server.questions.includes(`/api/history?range=24h&room=${GUILD}`));
  await until("older events", async () => {
    await page.locator("[data-scroll]").evaluate((area) => (area.scrollTop = area.scrollHeight));
    return server.questions.some((question) => question.startsWith("/api/events?") && question.includes(`room=${GUILD}`));
  });
  assert.ok(server.questions.every((question) => !question.startsWith("/api/events?") || question.includes("room=")));
  await page.getByRole("link", { name: "Alerts" }).click();
  assert.match(page.url(), new RegExp(`room=${GUILD}.*view=alerts`));
  await server.cut();
  await until("the same room again", () => server.joined.length === 3);
  assert.match(server.joined[2], new RegExp(`^\\?room=${GUILD}&epoch=.*&since=700$`));
  await page.getByRole("link", { name: "All servers" }).click();
  await until("all again", () => server.joined.at(-1) === "");
  assert.ok(await page.locator("[data-alone]").isHidden());
  await page.goBack();
  await page.locator("[data-alone]", { hasText: "only Coffee Club" }).waitFor(PATIENCE);
});

test("a manager is told which server is shown, and has no way to all of them", async () => {
  server.routes["/api/me"] = () => ({ json: { id: "1", name: "Mia", avatarUrl: null, role: "manager", guilds: [GUILD] } });
  await open();
  await page.locator("[data-alone]", { hasText: "only Coffee Club" }).waitFor(PATIENCE);
  assert.ok(await page.locator("[data-all]").isHidden());
});

test("who is signed in stands in a menu, with the ways out", async () => {
  await open();
  const menu = page.locator("[data-account]");
  await page.getByLabel("Account").focus();
  await page.keyboard.press("Enter");
  await menu.getByText("Ann").waitFor(PATIENCE);
  await menu.getByText("Administrator of all servers").waitFor(PATIENCE);
  await page.keyboard.press("Escape");
  assert.ok(await menu.getByText("Ann").isHidden());
  for (const [name, path] of [["Sign out everywhere", "/logout/everywhere"], ["Sign out", "/logout"]]) {
    server.routes[path] = () => ({ status: 503, body: "" });
    await page.getByLabel("Account").click();
    await page.getByRole("button", { name, exact: true }).click();
    await menu.getByText("could not answer").waitFor(PATIENCE);
    await page.evaluate(() => (window.sameDocument = true));
    server.routes[path] = () => ({ status: 204, body: "" });
    await page.getByRole("button", { name, exact: true }).click();
    await until("another document", async () => (await page.evaluate(() => window.sameDocument).catch(() => true)) === undefined);
    assert.ok(server.questions.includes(path));
    await pill("Live");
  }
});

test("signed out, the page leads to the sign-in and back; without the right it says which one is lacking", async () => {
  await open(`?room=${GUILD}&severity=warn`);
  await server.cut(4501);
  await page.getByRole("alert").getByText("You are signed out").waitFor(PATIENCE);
  await pill("Signed out");
  const next = (link) => link.getAttribute("href").then((href) => new URLSearchParams(href.slice(href.indexOf("?"))).get("next"));
  assert.equal(await next(page.getByRole("link", { name: "Sign in with Discord" })), `/?room=${GUILD}&severity=warn`);
  await page.reload();
  await pill("Live");
  await server.cut(4503);
  await page.getByRole("alert").getByText(/Manage Server.*ADMIN_IDS/).waitFor(PATIENCE);
  assert.equal(await next(page.getByRole("link", { name: "Sign in again" })), `/?room=${GUILD}&severity=warn`);
  assert.equal(await page.getByRole("alert").getByRole("link", { name: "All servers" }).getAttribute("href"), "?");
  // A server that Pulse does not know: no endless attempts.
  [server.accepts, server.routes["/api/snapshot"]] = [false, () => ({ status: 404, json: {} })];
  await page.reload();
  await pill("Not permitted");
});

test("what came with the document is not asked for again, and every card has its line at once", async () => {
  server.embeds = true;
  server.join = () => {}; // Nothing comes by the socket.
  await page.goto(PAGE);
  await until("nine lines", () =>
    page.locator("[data-card] .spark .line").evaluateAll((lines) => lines.length === 9 && lines.every((line) => line.getAttribute("d")?.length > 20)));
  const gaps = await page.locator("[data-card=uptime] .line").getAttribute("d");
  assert.equal(gaps.match(/M/g).length, 2, "where the bot did not report is a gap");
  await until("servers", () => server.questions.includes("/api/guilds"));
  assert.ok(!server.questions.includes("/api/snapshot"), `${server.questions}`);
});

test("servers and players: sorted by a click, page by page, with a proof of the books", async () => {
  await open("?view=servers");
  const first = () => page.locator("[data-view=servers] tbody tr td").first().textContent();
  await until("the richest first", async () => (await first()) === "Coffee Club");
  await page.getByRole("button", { name: "Server" }).click();
  await until("by name", async () => (await first()) === "Book Circle");
  await page.getByRole("link", { name: "Coffee Club" }).click();
  await page.getByRole("link", { name: "Player 1-1", exact: true }).waitFor(PATIENCE);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("link", { name: "Player 2-1", exact: true }).waitFor(PATIENCE);
  await page.getByRole("button", { name: "Streak" }).last().click();
  await until("asked by streak", () => server.questions.some((question) => question.includes("players?by=streak&page=1")));
  await page.getByRole("button", { name: "Prove the books" }).click();
  await page.getByText("250 rows and 30 accounts agree").waitFor(PATIENCE);
  await page.getByRole("button", { name: "Older rows" }).click();
  await page.locator("[data-view=server] td", { hasText: /^150$/ }).waitFor(PATIENCE);
  await page.getByRole("link", { name: "Its events" }).click();
  assert.match(page.url(), new RegExp(`guild=${GUILD}`));
});

test("the leaderboard ranks by wealth, level and streak", async () => {
  await open();
  await until("wealth", async () => (await page.locator(".rank .held").first().textContent()) === "90,000");
  await page.locator("[data-by=level]").click();
  await until("levels", async () => (await page.locator(".rank .held").first().textContent()) === "20");
  await page.locator("[data-by=streak]").click();
  await until("streaks", async () => (await page.locator(".rank .held").first().textContent()) === "17 d");
});

test("the kiosk shows only what is read from afar, and a clock that shows it is alive", async () => {
  await open("?kiosk=1");
  for (const gone of ["nav", "[data-pause]", ".filters"]) {
    assert.equal(await page.locator(gone).isVisible(), false, gone);
  }
  const before = await page.locator("[data-clock]").textContent();
  await until("a second", async () => (await page.locator("[data-clock]").textContent()) !== before);
});

test("keys: theme, help, and none of them for who does not want them", async () => {
  await open();
  const theme = () => page.locator(":root").getAttribute("data-theme");
  assert.equal(await theme(), "system");
  await page.keyboard.press("t");
  assert.equal(await theme(), "light");
  await page.reload();
  await pill("Live");
  assert.equal(await theme(), "light", "kept");
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor(PATIENCE);
  await page.getByLabel("Keys of one letter work").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("t");
  assert.equal(await theme(), "light");
});

test("the numbers stand before the program runs, when they came with the document", async () => {
  server.embeds = true;
  await context.route("**/*.wasm", (route) => route.abort());
  await page.goto(PAGE);
  await until("numbers", async () => (await page.locator("[data-figure=commands]").textContent()) === "12,345");
  await page.locator("#trouble", { hasText: "could not be loaded" }).waitFor(PATIENCE);
});

test("a version that this page does not speak makes it reload once, then say so", async () => {
  server.version = 2;
  await page.goto(PAGE);
  await page.getByRole("alert").getByText("Pulse has been updated").waitFor(PATIENCE);
});

test("without WebAssembly or WebSocket the page says what it needs", async () => {
  for (const missing of ["WebAssembly", "WebSocket"]) {
    const bare = await context.newPage();
    await bare.addInitScript((name) => delete globalThis[name], missing);
    await bare.goto(PAGE);
    await bare.locator("#trouble", { hasText: "needs WebAssembly and WebSocket" }).waitFor(PATIENCE);
    assert.equal(await bare.locator("[data-pill]").textContent(), "Not running");
    await bare.close();
  }
});

test("what players write is text, whatever it looks like", async () => {
  await open();
  const nasty = "<img src=x onerror=window.hacked=1> \u202E \u0000 ".concat("long".repeat(50));
  server.record(1, { message: nasty, actorName: "<b>x</b>" });
  await row("onerror").waitFor(PATIENCE);
  await row("onerror").locator(".line").click();
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator("[data-events] img, [data-events] b").count(), 0);
  const [wide, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= window_);
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

test("cut again and again while events run, the page ends with what the room has", async () => {
  await open();
  const [rounds, until] = process.env.PULSE_SLOW ? [Infinity, Date.now() + 600_000] : [25, Infinity];
  for (let round = 0; round < rounds && Date.now() < until; round += 1) {
    server.record(1 + (round % 7));
    if (Math.random() < 0.4) await server.cut(Math.random() < 0.5 ? 4000 : 1001);
    if (Math.random() < 0.3) server.events.push(event(server.seq + 1)); // Recorded while nobody listens.
    await page.locator("[data-retry]").click({ timeout: 300 }).catch(() => {});
  }
  await pill("Live");
  server.record(1);
  await row(`Ann claimed ${server.seq} coins`).waitFor(PATIENCE);
  const seen = await page.evaluate(async () => {
    const area = document.querySelector("[data-scroll]");
    const seen = [];
    for (let top = 0; top <= area.scrollHeight; top += 150) {
      area.scrollTop = top;
      await new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame)));
      for (const row of document.querySelectorAll("[data-events] > li")) seen.push(Number(row.dataset.seq));
    }
    return [...new Set(seen)].sort((left, right) => left - right);
  });
  assert.deepEqual(seen, server.events.map(({ seq }) => seq));
  console.log(`${server.joined.length} sockets, ${seen.length} events, each of them once`);
});
