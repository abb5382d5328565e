// A clock on the wall that somebody sets by an hour, in each state of the connection: what counts does not go by it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { PAGE, open, page, pill, server, until, withClock } from "./played.mjs";

const HOUR_MS = 3_600_000;
const JUMPS = [["back", -HOUR_MS], ["ahead", HOUR_MS]];

const said = () => page.locator("[data-pill]").textContent();

/** Time passes as the test wants it, and `setClock` sets the clock on the wall alone. */
async function withClocks() {
  await withClock();
  await page.addInitScript(() => {
    const real = Date.now.bind(Date);
    let ahead = 0;
    window.setClock = (ms) => (ahead += ms);
    Date.now = () => real() + ahead;
  });
}

const set = (ms) => page.evaluate((ms) => window.setClock(ms), ms);

/** Lets time pass in steps, each with the answers that come meanwhile. */
async function pass(ms) {
  for (let passed = 0; passed < ms; passed += 500) {
    await page.clock.runFor(500);
    await page.evaluate(() => new Promise((done) => queueMicrotask(done)));
  }
}

for (const [way, ms] of JUMPS) {
  test(`set ${way} while live: it stays live while frames come, and is stale when none do`, async () => {
    await withClocks();
    await open();
    await set(ms);
    await until("live after the jump", async () => {
      server.record(1);
      await page.clock.runFor(2_000);
      return (await said()) === "Live";
    });
    const silent = server.sockets.splice(0);
    await page.clock.runFor(14_000);
    await pill(/Stale 1\d s/);
    assert.equal(silent.length, 1);
  });

  test(`set ${way} while it waits: the wait is what it was, and it comes back`, async () => {
    await withClocks();
    await open();
    server.accepts = false;
    await server.cut(1001);
    await until("waiting", async () => {
      await page.clock.runFor(500);
      return /Reconnecting in \d+ s|Polling/.test(await said());
    });
    await set(ms);
    await page.clock.runFor(1_000);
    const seconds = Number((await said()).match(/(\d+) s/)?.[1] ?? 0);
    assert.ok(seconds <= 20, `it waits ${seconds} s`);
    server.accepts = true;
    await until("live", async () => {
      await pass(1_000);
      return (await said()) === "Live";
    });
  });

  test(`set ${way} while it connects: a socket that never opens is given up in time`, async () => {
    await withClocks();
    server.join = () => {}; // Opened, and silent.
    await page.goto(PAGE);
    await pill("Connecting");
    await set(ms);
    await until("given up", async () => {
      await page.clock.runFor(1_000);
      return /Reconnecting|Polling/.test(await said());
    });
  });

  test(`set ${way} after the end: it stays ended`, async () => {
    await withClocks();
    await open();
    await server.cut(4501);
    await pill("Signed out");
    await set(ms);
    await pass(3_000);
    assert.equal(await said(), "Signed out");
  });
}
