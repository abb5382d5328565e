// The events as an administrator notices them: in order, as filtered, and where they were left.
import assert from "node:assert/strict";
import { test } from "node:test";

import { PATIENCE, address, open, page, pill, play, row, rows, scrollTo, scrollTop, server, until } from "./played.mjs";

test("paused, five hundred events arrive; resumed, all are there in order, and the reader's place is kept", async () => {
  await open();
  await scrollTo(400);
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
  await scrollTo(300);
  server.record(12);
  await page.locator("[data-fresh]", { hasText: "12 new" }).waitFor(PATIENCE);
  await until("the place", async () => (await scrollTop()) > 300);
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
  await address(/severity=error/);
  await page.reload();
  await pill("Live");
  await until("one row", async () => (await rows().count()) === 1);
  assert.equal(await severity("Error").getAttribute("aria-pressed"), "true");
  await page.keyboard.press("/");
  await page.keyboard.type("nobody at all");
  await page.locator("[data-empty]", { hasText: "Change the filter" }).waitFor(PATIENCE);
  await page.locator("[data-clear]").click();
  await until("all rows", async () => (await rows().count()) > 10);
  await address((url) => !/severity|q=/.test(url.search));
  await page.locator("[data-filter=guild]").selectOption({ label: "Book Circle" });
  await until("none", async () => (await rows().count()) === 0);
});

test("several severities are shown at once, and asked for at once", async () => {
  await play({ count: 900 });
  for (const { seq } of server.events) if (seq % 300 === 0) Object.assign(server.events[seq - 1], { severity: "error", message: `Failure ${seq}` });
  for (const { seq } of server.events) if (seq % 300 === 7) Object.assign(server.events[seq - 1], { severity: "warn", message: `Warning ${seq}` });
  await open("?severity=error");
  await until("errors", async () => (await rows().count()) === 3);
  await page.getByRole("button", { name: "Warning", exact: true }).click();
  await until("both", async () => (await rows().count()) === 6);
  await address(/severity=error&severity=warn/);
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
  await address(/view=server&server=\d+&row=1000000038/);
  const asked = () => server.questions.filter((question) => question.includes("/journal?"));
  assert.deepEqual(asked().map((question) => question.split("?")[1]), ["limit=100&around=1000000038"], "the rows around it, not all newer ones");
  assert.equal((await page.locator("[data-view=server] tbody tr:has(button)").first().locator("td").first().textContent()).trim(), "58");
  await page.getByRole("button", { name: "Changes" }).click();
  await until("what changed something", () => asked().at(-1).endsWith("&only=changes"));
  await page.goBack();
  await page.locator("[data-seq='38'] .details").waitFor(PATIENCE); // Still open.
  await page.locator("[data-seq='38'] .details").getByRole("link", { name: "Ann" }).click();
  await page.getByRole("heading", { name: "Ann" }).waitFor(PATIENCE);
  await page.getByText("Fishing rod × 2").waitFor(PATIENCE);
});

test("scrolling on goes back through older events, and ten thousand rows keep few in the document", async () => {
  await play({ count: 10_000 });
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
    ["csv", (text) => {
      assert.ok(text.startsWith("\uFEFFseq,"), "the mark by which Excel knows UTF-8");
      assert.equal(text.trim().split("\r\n").length, 1 + 11);
    }],
    ["json", (text) => assert.equal(JSON.parse(text).length, 11)],
  ]) {
    const saved = page.waitForEvent("download", PATIENCE);
    await page.locator(`[data-export=${kind}]`).click();
    const stream = await (await saved).createReadStream();
    check(Buffer.concat(await stream.toArray()).toString());
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

test("a search finds a name however it is capitalised, and whatever joins its letters", async () => {
  await open();
  const search = page.getByLabel("Search in events");
  for (const [name, ...typed] of [
    ["Οδυσσευς", "ΟΔΥΣΣ", "οδυσσευσ", "ΟΔΥΣΣΕΥΣ"],
    ["Straße", "STRAẞE", "strasse", "STRASSE"],
    ["می\u200cخواهم", "میخواهم"],
    ["İksir", "iksir"],
    ["Kılıç", "KILIÇ"],
    ["Café", "CAFE\u0301"],
  ]) {
    server.record(1, { message: `${name} claimed 7 coins` });
    for (const words of typed) {
      await search.fill(words);
      await row(`${name} claimed 7 coins`).waitFor(PATIENCE);
      assert.equal(await rows().count(), 1, `${words} finds ${name} alone`);
    }
    await search.fill("");
  }
});
