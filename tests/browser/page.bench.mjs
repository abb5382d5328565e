// Measures how busy the page's main thread is while events pour in. Prints a table; run it on a machine that is otherwise
// idle:
//   PULSE_CHROMIUM=/usr/bin/chromium node_modules/.bin/node tests/browser/page.bench.mjs
import { PAGE, Server, event } from "./mock.mjs";
import { launch } from "./stack.mjs";

const SECONDS = 20;
const FRAMES_A_SECOND = 20; // What a room sends at most: within 50 ms of a frame, events wait and leave together.

const browser = await launch();
for (const rate of [0, 20, 200, 1000]) {
  const server = new Server({ count: 500 });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await server.attach(context);
  const page = await context.newPage();
  await page.goto(PAGE);
  await page.locator("[data-pill]", { hasText: "Live" }).waitFor();
  const developer = await context.newCDPSession(page);
  await developer.send("Performance.enable", { timeDomain: "timeTicks" });
  const metric = async () => {
    const { metrics } = await developer.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  await page.waitForTimeout(2_000);
  const before = await metric();
  const started = performance.now();
  let sent = 0;
  while (performance.now() - started < SECONDS * 1_000) {
    const due = Math.floor(((performance.now() - started) / 1_000) * rate) - sent;
    if (due === 1) server.say({ type: "NEW_EVENT", data: record(server) });
    else if (due > 1) server.record(due);
    sent += Math.max(0, due);
    await page.waitForTimeout(1_000 / FRAMES_A_SECOND);
  }
  const after = await metric();
  const share = (name) => `${(((after[name] - before[name]) / (after.Timestamp - before.Timestamp)) * 100).toFixed(1)} %`;
  console.log(`${rate} events/s: main thread ${share("TaskDuration")}, of it scripts ${share("ScriptDuration")}, layout ${share("LayoutDuration")}, styles ${share("RecalcStyleDuration")}`);
  await context.close();
}
await browser.close();

function record(server) {
  const fresh = event(server.seq + 1);
  server.events.push(fresh);
  return fresh;
}
