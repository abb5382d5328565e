import { launch } from "./stack.mjs";
import { Server, PAGE, GUILD } from "./mock.mjs";
const browser = await launch();
const out = process.argv[2] ?? "/tmp/wt/shots";
const views = { overview: "", servers: "?view=servers", server: `?view=server&server=${GUILD}`, player: `?view=player&server=${GUILD}&player=700000000000000001`, alerts: "?view=alerts" };
const only = process.argv[3]?.split(",") ?? Object.keys(views);
for (const [scheme, size] of [["dark", [1440, 900]], ["light", [1440, 900]], ["dark", [390, 844]]]) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width: size[0], height: size[1] } });
  const server = new Server({ count: 600 });
  await server.attach(context);
  const page = await context.newPage();
  page.on("pageerror", (e) => console.log("pageerror", e.stack.slice(0,2200)));
  page.on("console", (m) => m.type() === "error" && console.log("console", m.text()));
  for (const name of only) {
    await page.goto(PAGE + views[name]);
    await page.getByRole("status").getByText("Live").waitFor({ timeout: 20000 }).catch(() => console.log("not live"));
    await page.waitForTimeout(900);
    if (name === "overview") { server.record(3, { severity: "warn", source: "bot" }); server.tellStats(); await page.waitForTimeout(300); }
    await page.screenshot({ path: `${out}-${name}-${scheme}-${size[0]}.png` });
    if (size[0] < 500) await page.screenshot({ path: `${out}-${name}-${scheme}-full.png`, fullPage: true });
  }
}
await browser.close();
