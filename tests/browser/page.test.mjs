// The page as an administrator sees it, in a real browser, with everything behind the page real.
import assert from "node:assert/strict";
import { test } from "node:test";

import { PATIENCE, page, stack, until } from "./real.mjs";

const GUILD = "812345678901234567";
const row = (words) => page.locator("[data-events] > li", { hasText: words });
const player = (number, userName) => ({ guildId: GUILD, userId: `${700000000000000000n + BigInt(number)}`, userName });
const latency = () => page.locator("[data-card=latency] [data-value]").textContent();

test("a signed /daily appears by itself, once, with the ledger's balance in the reply", async () => {
  await page.getByRole("status").getByText("Live").waitFor(PATIENCE);
  await page.evaluate(() => (window.sameDocument = true));
  const reply = await stack.command("daily", player(1, "Ann"));
  await row("Ann claimed 100 coins").waitFor(PATIENCE);
  assert.equal(await row("Ann claimed").count(), 1);
  assert.equal(await page.locator("[data-events] > li").count(), 1, "and nothing else");
  assert.equal(await page.evaluate(() => window.sameDocument), true, "without a reload");
  const balance = reply.data.embeds[0].fields.find(({ name }) => name === "Balance").value;
  const ledger = await stack.command("balance", player(1, "Ann"));
  assert.equal(balance, "100 coins");
  assert.match(ledger.data.embeds[0].description, /100 coins/);
  await until("the wealth on the card", async () =>
    (await page.locator("[data-card=wealth] [data-value]").textContent()).includes("100"));
});

test("the latency card follows the network, and tells no old number when the bot is gone", async () => {
  await stack.setLatency(40);
  await stack.startBot();
  await until("a calm latency", async () => Number.parseFloat(await latency()) < 200);
  await stack.setLatency(400);
  await until("a slow latency", async () => Number.parseFloat(await latency()) > 200);
  await stack.killBot();
  await until("no number", async () => (await latency()).includes("—"));
  await page.locator("[data-card=latency]", { hasText: "offline" }).waitFor(PATIENCE);
});

test("after a power cut the page says so, comes back by itself, and shows what it missed exactly once", async () => {
  await stack.killEdge();
  await page.getByRole("status").getByText(/Reconnecting|Connecting/).waitFor(PATIENCE);
  assert.equal(await row("Ann claimed").count(), 1, "what was known is still shown");

  // While the page cannot reach it, the edge lives on another port, on the same state.
  const elsewhere = await stack.startEdge(0);
  assert.notEqual(elsewhere, stack.url);
  const missed = ["Bob", "Cleo", "Dan"];
  for (const [index, name] of missed.entries()) {
    await stack.commandAt(elsewhere, "daily", player(10 + index, name));
  }
  await until("the room has them", async () => (await stack.eventsAt(elsewhere)).length >= 4);
  await stack.killEdge();

  await stack.startEdge();
  await page.getByRole("status").getByText("Live").waitFor(PATIENCE);
  for (const name of missed) {
    await row(`${name} claimed`).waitFor(PATIENCE);
    assert.equal(await row(`${name} claimed`).count(), 1, name);
  }
  assert.equal(await row("Ann claimed").count(), 1);
  assert.equal(await page.evaluate(() => window.sameDocument), true, "without a reload");
  await stack.command("daily", player(20, "Eve"));
  await row("Eve claimed").waitFor(PATIENCE);
});

test("whoever is not signed in is told what to do, and sees nothing", async () => {
  const stranger = await stack.strangersPage();
  await stranger.goto(stack.url);
  await stranger.getByRole("status").getByText("Signed out").waitFor(PATIENCE);
  assert.equal(await stranger.locator("[data-events] li").count(), 0);
  await stranger.close();
});

test("the document holds the numbers for who is signed in, and none for anybody else", async () => {
  const read = () => fetch("/").then(async (answer) => [await answer.text(), answer.headers.get("Cache-Control")]);
  const [known, keeping] = await page.evaluate(read);
  const block = known.match(/<script type="application\/json" id="snapshot">(.*?)<\/script>/)?.[1];
  assert.ok(JSON.parse(block).events.some(({ message }) => message.includes("Ann claimed")));
  assert.match(keeping, /no-store/);
  const answer = await fetch(`${stack.url}/`);
  assert.doesNotMatch(await answer.text(), /id="snapshot"|Ann/);
  assert.equal((await fetch(`${stack.url}/`, { method: "POST" })).status, 405);
});

test("the document is the page first and then its newest events; older ones are there when they are wanted, once", async () => {
  for (let number = 100; number < 160; number += 1) await stack.command("daily", player(number, `P${number}`));
  await row("P159 claimed").waitFor(PATIENCE);
  await page.reload();
  const document = await page.evaluate(() => fetch("/").then((answer) => answer.text()));
  const places = ["</header>", "data-events", "</main>", 'id="snapshot"', "</body>"].map((part) => document.indexOf(part));
  assert.ok(!places.includes(-1));
  assert.deepEqual(places, places.toSorted((a, b) => a - b), "a browser can paint before the numbers are there");
  const { events } = JSON.parse(document.match(/id="snapshot">(.*?)<\/script>/)[1]);
  assert.equal(events.length, 50);
  const seen = new Set();
  await until("the first event", async () => {
    for (const seq of await page.locator("[data-events] > li").evaluateAll((items) => items.map(({ dataset }) => dataset.seq))) seen.add(Number(seq));
    await page.locator("[data-scroll]").evaluate((area) => (area.scrollTop += area.clientHeight / 2));
    return seen.has(1);
  });
  assert.deepEqual([...seen].sort((a, b) => a - b), Array.from({ length: events[0].seq }, (_, index) => index + 1), "each of them");
});

test("servers, players and the journal say what the books say", async () => {
  await page.getByRole("link", { name: "Servers" }).click();
  await page.locator("[data-view=servers] tbody a").first().click();
  await page.getByRole("region", { name: "Players" }).getByRole("link", { name: "Ann", exact: true }).click();
  await page.getByRole("heading", { name: "Ann" }).waitFor(PATIENCE);
  await page.locator(".facts", { hasText: "Balance100" }).waitFor(PATIENCE);
  await page.locator("[data-view=player] td", { hasText: "daily" }).first().waitFor(PATIENCE);
  await page.goBack();
  await page.getByRole("button", { name: "Prove the books" }).click();
  await page.getByText(/✓ .* rows and .* accounts agree/).waitFor(PATIENCE);
  await page.getByRole("link", { name: "Overview" }).click();
});

test("a day and a month of history come from the room", async () => {
  for (const range of ["24h", "30d"]) {
    await page.locator(`[data-range='${range}']`).click();
    await until(`a chart over ${range}`, async () =>
      (await page.locator("[data-chart=wealth] .line").getAttribute("d"))?.startsWith("M"));
    assert.equal(await page.locator("[data-history-note]").textContent(), "");
  }
  await page.locator("[data-range='1h']").click();
});

test("the page fits a phone, in both themes", async () => {
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 360, height: 740 });
    // Charts take a frame to follow the window.
    await until("no content beside the window", () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  }
  await page.setViewportSize({ width: 1280, height: 800 });
});
