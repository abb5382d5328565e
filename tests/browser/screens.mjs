// Takes the pictures of docs/: each page, in both themes, on a desk and on a phone.
//   PULSE_CHROMIUM=/usr/bin/chromium node_modules/.bin/node tests/browser/screens.mjs
import { GUILD, OTHER_GUILD, PAGE, Server, event } from "./mock.mjs";
import { launch } from "./stack.mjs";

const VIEWS = {
  overview: "",
  servers: "?view=servers",
  server: `?view=server&server=${GUILD}`,
  player: `?view=player&server=${GUILD}&player=700000000000000001`,
  alerts: "?view=alerts",
};
const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const NAMES = ["Ann", "Bob", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hana"];
const KINDS = [
  (name) => ({ message: `${name} claimed 120 coins, 3 days in a row`, amount: "120", source: "daily" }),
  (name) => ({ message: `${name} paid Ivy 2,500 coins: for the coffee`, amount: "2500", source: "transfer", severity: "info" }),
  (name) => ({ message: `${name} earned 64 coins`, amount: "64", source: "work" }),
  (name) => ({ message: `${name} reached level 7`, amount: undefined, source: "level_up", severity: "info" }),
  (name) => ({ message: `${name} bought a Fishing rod`, amount: "900", source: "shop" }),
  () => ({ message: "The bot's latency is above 300 ms", amount: undefined, source: "bot", severity: "warn", handledMs: undefined }),
  (name) => ({ message: `${name} claimed 100 coins, 1 day in a row`, amount: "100", source: "daily" }),
  () => ({ message: "/gift is not a command that Pulse knows", amount: undefined, source: "command", severity: "error" }),
];

function told(seq, ago) {
  const pick = (seq * 7 + (seq % 3)) % 31;
  const kind = KINDS[pick < 12 ? 0 : pick < 17 ? 1 : pick < 22 ? 2 : pick < 24 ? 3 : pick < 26 ? 4 : pick < 27 ? 5 : pick < 30 ? 6 : 7];
  const name = NAMES[(seq * 5) % NAMES.length];
  const other = seq % 4 === 0 ? { guildId: OTHER_GUILD, guildName: "Book Circle" } : {};
  return event(seq, { ago, handledMs: 2 + (seq % 5), actorName: name, ...other, ...kind(name) });
}

const browser = await launch();
for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["dark", "light"]) {
    const server = new Server({ count: 0 });
    server.events = Array.from({ length: 500 }, (_, index) => told(index + 1, (500 - index) * 2_700));
    const context = await browser.newContext({ colorScheme, viewport });
    await server.attach(context);
    const page = await context.newPage();
    await page.addInitScript(() => {
      const since = Date.now() - 7_200_000;
      localStorage.setItem("pulse-alert-log", `latency;${since};${since + 95_000};412\nerrors;${since - 9e6};${since - 8.9e6};12.5`);
    });
    for (const [name, search] of Object.entries(VIEWS)) {
      await page.goto(PAGE + search);
      await page.locator("[data-pill]", { hasText: "Live" }).waitFor();
      await page.waitForLoadState("networkidle");
      await page.waitForTimeout(1_500); // What has flashed is calm again.
      await page.screenshot({ path: `docs/screens/${name}-${size}-${colorScheme}.png` });
    }
    await page.goto(PAGE + VIEWS.player);
    await page.getByRole("button", { name: "Give coins to Ann" }).click();
    await page.getByRole("dialog").waitFor();
    await page.screenshot({ path: `docs/screens/action-${size}-${colorScheme}.png` });
    await context.close();
  }
}
await browser.close();
