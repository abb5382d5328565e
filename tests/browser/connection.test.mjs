// The connection as an administrator notices it: each of its states, and that none of them loses an event.
import assert from "node:assert/strict";
import { test } from "node:test";

import { event } from "./mock.mjs";
import { PAGE, PATIENCE, context, open, page, pill, row, rows, server, until, withClock } from "./played.mjs";

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
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1_000)); // From here on it tries only when it is asked to.
  await page.locator("[data-retry]").waitFor(PATIENCE);
  server.accepts = true;
  await page.locator("[data-retry]").click();
  await until("live", async () => {
    await page.clock.runFor(20);
    return (await page.locator("[data-pill]").textContent()) === "Live";
  });
  assert.equal(await page.locator("main.doubtful").count(), 0);
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

test("that a plan's limit is reached stands on the page until it is over", async () => {
  await open();
  await pill("Live");
  const announced = page.locator("[data-announced]", { hasText: "no more rows today" });
  server.say({ type: "NOTICE", data: { code: "limit_reached", message: "The plan allows no more rows today." } });
  await announced.waitFor(PATIENCE);
  server.say({ type: "NOTICE", data: { code: "limit_over", message: "The plan allows rows again." } });
  await announced.waitFor({ ...PATIENCE, state: "hidden" });
  assert.equal(await page.getByText("The plan allows rows again.").count(), 0, "what is over needs no banner");
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
