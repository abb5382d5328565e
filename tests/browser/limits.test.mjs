// The limits of the page's cost: bytes, movement, memory, and the main thread's time.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync, constants } from "node:zlib";

import { PAGE, Server } from "./mock.mjs";
import { launch } from "./stack.mjs";

const BYTES_MAX = 150_000;
const SHIFT_MAX = 0.02;
const PATIENCE = { timeout: 180_000 };
const dist = new URL("../../dashboard/dist/", import.meta.url).pathname;
let browser;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function opened(server, search = "", options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  await server.attach(context);
  const page = await context.newPage();
  return { context, page, go: () => page.goto(PAGE + search) };
}

test("all that is loaded fits into 150 KB, compressed", () => {
  const files = ["index.html", ...readdirSync(join(dist, "assets")).map((name) => `assets/${name}`)];
  const sizes = files.map((name) => {
    const options = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
    return [name, brotliCompressSync(readFileSync(join(dist, name)), options).length];
  });
  const sum = sizes.reduce((sum, [, size]) => sum + size, 0);
  assert.ok(sum <= BYTES_MAX, `${sum} bytes: ${sizes.map((size) => size.join(" ")).join(", ")}`);
});

test("every file but the document is named by what is in it, and may be kept for ever", () => {
  for (const name of readdirSync(join(dist, "assets"))) assert.match(name, /-[0-9a-f]{16}\.\w+$/);
  assert.match(readFileSync(join(dist, "_headers"), "utf8"), /\/assets\/\*\n\s+Cache-Control: .*immutable/);
  assert.doesNotMatch(readFileSync(join(dist, "index.html"), "utf8"), / style=|<script>|<style|="\/(?!assets\/)\w/);
});

test("after the first paint nothing moves", async () => {
  for (const embeds of [false, true]) {
    for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
      const server = new Server();
      server.embeds = embeds;
      const { context, page, go } = await opened(server, "", { viewport });
      await page.addInitScript(() => {
        window.shifts = [];
        new PerformanceObserver((list) => {
          for (const shift of list.getEntries()) {
            if (!shift.hadRecentInput) window.shifts.push([shift.value, shift.sources?.[0]?.node?.className]);
          }
        }).observe({ type: "layout-shift", buffered: true });
      });
      await go();
      await page.locator("[data-pill]", { hasText: "Live" }).waitFor(PATIENCE);
      server.record(5);
      server.tellStats();
      await page.locator("[data-seq='45']").waitFor(PATIENCE);
      const shifts = await page.evaluate(() => window.shifts);
      const sum = shifts.reduce((sum, [value]) => sum + value, 0);
      assert.ok(sum <= SHIFT_MAX, `${viewport.width} px: ${JSON.stringify(shifts)}`);
      await context.close();
    }
  }
});

test("a simulated day at a wall leaves the heap as it was", async () => {
  const server = new Server();
  const { context, page, go } = await opened(server, "?kiosk=1");
  await page.addInitScript(() => {
    window.WebSocket = class extends WebSocket {
      constructor(...words) {
        super(...words);
        window.socket = this;
      }
    };
  });
  await go();
  await page.locator("[data-pill]", { hasText: "Live" }).waitFor(PATIENCE);
  const developer = await context.newCDPSession(page);
  const heap = async () => {
    await developer.send("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize = 0 } = await developer.send("Runtime.getHeapUsage");
    return usedSize + backingStorageSize; // The second is where the wasm memory is.
  };
  // A day of a busy server: what the room tells every five seconds, and a command with each, in quick succession. A message
  // of the mock's costs a way through the browser; so they come to the page's socket in bundles, a dozen a frame.
  const day = async (updates) => {
    const told = [];
    server.say = (message) => told.push(JSON.stringify(message));
    const hear = () => page.evaluate(async (messages) => {
      for (const [index, data] of messages.entries()) {
        window.socket.onmessage(new MessageEvent("message", { data }));
        if (index % 24 === 23) await new Promise(requestAnimationFrame);
      }
    }, told.splice(0));
    for (let update = 0; update < updates; update += 1) {
      server.record(1);
      server.tellStats();
      if (server.events.length > 600) server.events.splice(0, 100);
      if (told.length >= 480) await hear();
    }
    await hear();
    await page.locator(`[data-seq='${server.seq}']`).waitFor(PATIENCE);
  };
  // The wasm memory is in it: it grows until the page's own limits hold, and no further.
  await day(13_000);
  const before = await heap();
  await day(17_280);
  const after = await heap();
  assert.ok(after < before * 1.25 + 2_000_000, `${before} bytes before, ${after} after`);
  assert.ok((await page.locator("[data-events] > li").count()) < 80);
  await context.close();
});
