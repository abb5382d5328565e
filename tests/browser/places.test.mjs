// The way through the page as an administrator goes it: its places, its menu and its keys.
import assert from "node:assert/strict";
import { test } from "node:test";

import { GUILD } from "./mock.mjs";
import { PAGE, PATIENCE, address, open, page, pill, play, server, until } from "./played.mjs";

test("one server alone: its own socket, snapshot, history and events, over all navigation", async () => {
  await play({ count: 700 });
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
  await address(new RegExp(`room=${GUILD}.*view=alerts`));
  await server.cut();
  await until("the same room again", () => server.joined.length === 3);
  assert.match(server.joined[2], new RegExp(`^\\?room=${GUILD}&epoch=.*&since=700$`));
  await page.getByRole("link", { name: "All servers" }).click();
  await until("all again", () => server.joined.at(-1) === "");
  await page.locator("[data-alone]").waitFor({ ...PATIENCE, state: "hidden" });
  await page.goBack();
  await page.locator("[data-alone]", { hasText: "only Coffee Club" }).waitFor(PATIENCE);
});

test("a manager is told which server is shown, and has no way to all of them nor to pause everything", async () => {
  server.routes["/api/me"] = () => ({ json: { id: "1", name: "Mia", avatarUrl: null, role: "manager", guilds: [GUILD] } });
  await open();
  await page.locator("[data-alone]", { hasText: "only Coffee Club" }).waitFor(PATIENCE);
  assert.ok(await page.locator("[data-all]").isHidden());
  const pause = page.getByRole("button", { name: "Pause everything" });
  await page.getByRole("link", { name: "Servers" }).click();
  await page.getByRole("link", { name: "Book Circle" }).waitFor(PATIENCE);
  assert.equal(await pause.count(), 0);
  delete server.routes["/api/me"];
  await open("?view=servers");
  assert.equal(await pause.count(), 0, "nor is anybody before it is known who they are");
  server.routes["/api/me"] = () => ({ json: { id: "1", name: "Ann", avatarUrl: null, role: "admin", guilds: [] } });
  await open("?view=servers");
  await pause.waitFor(PATIENCE);
});

test("a server or a player that is not known is said to be so, and one that has just come is shown", async () => {
  const unknown = "81234567890123456";
  await open(`?view=server&server=${unknown}`);
  await page.getByText("No server with this id is known here").waitFor(PATIENCE);
  assert.equal(await page.locator("[data-view=server] :is(table, button)").count(), 0);
  const listed = server.routes["/api/guilds"]().json;
  server.routes["/api/guilds"] = () => ({ json: [...listed, { ...listed[0], id: unknown, name: "New Club" }] });
  await page.goto(`${PAGE}?view=servers`);
  await page.getByRole("link", { name: "New Club" }).click();
  await page.getByRole("region", { name: "Players" }).getByRole("link", { name: "Player 1-1", exact: true }).waitFor(PATIENCE);
  server.routes[`/api/guilds/${GUILD}/players/5`] = () => ({ status: 404, json: {} });
  await open(`?view=player&server=${GUILD}&player=5`);
  await page.getByText("Nobody with this id has an account in this server.").waitFor(PATIENCE);
  assert.equal(await page.locator("[data-view=player] .facts .card, [data-view=player] .page-head button").count(), 0);
  await open(`?view=player&server=${unknown}9&player=5`);
  await page.getByText("No server with this id is known here").waitFor(PATIENCE);
});

test("the list of servers takes new numbers without taking away the focus or a press that has begun", async () => {
  const listed = server.routes["/api/guilds"]().json;
  await open("?view=servers");
  const links = page.locator("[data-view=servers] tbody a");
  const wealth = (index) => page.locator("[data-view=servers] tbody tr").nth(index).locator("td").nth(2);
  await links.nth(1).waitFor(PATIENCE);
  const last = await links.nth(1).textContent();
  await links.nth(1).focus();
  const box = await links.nth(1).boundingBox();
  await page.mouse.move(box.x + 4, box.y + 4);
  await page.mouse.down();
  const added = { ...listed[0], id: "81234567890123457", name: "New Club", wealth: "1" };
  server.routes["/api/guilds"] = () => ({ json: [...listed.map((guild) => ({ ...guild, commands: "77777" })), added] });
  await until("new numbers and a third server", async () =>
    (await links.count()) === 3 && (await page.locator("[data-view=servers] td", { hasText: "77,777" }).count()) > 1);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), last);
  await page.mouse.up();
  await page.getByRole("heading", { name: last }).waitFor(PATIENCE);
  const first = { ...listed[1], wealth: "99999999" };
  server.routes["/api/guilds"] = () => ({ json: [listed[0], first] });
  await page.getByRole("link", { name: "Servers" }).click();
  await until("the order of today, and no third server", async () =>
    (await links.count()) === 2 && (await wealth(0).textContent()) === "99,999,999");
});

test("a server's name that is written from right to left stands by itself wherever it is shown", async () => {
  const name = "(مقهى) القهوة!";
  const listed = server.routes["/api/guilds"]().json;
  server.routes["/api/guilds"] = () => ({ json: [{ ...listed[0], name }, listed[1]] });
  await open();
  server.record(1, { guildName: name });
  const isolated = `\u2068${name}\u2069`;
  const shown = page.locator("[data-seq='41'] .server");
  await shown.waitFor(PATIENCE);
  assert.equal(await shown.textContent(), isolated);
  await page.locator("[data-seq='41'] .line").click();
  assert.equal(await page.locator("[data-seq='41'] dd a").first().textContent(), isolated);
  assert.equal(await page.locator(`[data-filter=guild] option[value='${GUILD}']`).textContent(), isolated);
  await page.getByRole("link", { name: "Servers" }).click();
  const link = page.locator("[data-view=servers] tbody a").first();
  await link.waitFor(PATIENCE);
  assert.equal(await link.textContent(), isolated);
  await link.click();
  await until("the title", async () => (await page.locator("[data-view=server] h2").first().textContent()) === isolated);
});

test("without an answer to which servers there are, a server's page says what it lacks", async () => {
  server.routes["/api/guilds"] = () => ({ status: 503, json: {} });
  await open(`?view=server&server=${GUILD}`);
  await page.getByRole("link", { name: "Player 1-1", exact: true }).waitFor(PATIENCE);
});

test("who is signed in stands in a menu, with the ways out", async () => {
  await open();
  const menu = page.locator("[data-account]");
  await page.getByLabel("Account").focus();
  await page.keyboard.press("Enter");
  await menu.getByText("Ann").waitFor(PATIENCE);
  await menu.getByText("Administrator of all servers").waitFor(PATIENCE);
  await page.keyboard.press("Escape");
  await menu.getByText("Ann").waitFor({ ...PATIENCE, state: "hidden" });
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
  await page.getByRole("alert").getByText(/Manage Server.*in it.*sign in again/).waitFor(PATIENCE);
  assert.doesNotMatch(await page.getByRole("alert").last().textContent(), /ADMIN_IDS/, "which would grant every server");
  assert.equal(await next(page.getByRole("link", { name: "Sign in again" })), `/?room=${GUILD}&severity=warn`);
  assert.equal(await page.getByRole("alert").getByRole("link", { name: "All servers" }).getAttribute("href"), "?");
  // A server that Pulse does not know: no endless attempts.
  [server.accepts, server.routes["/api/snapshot"]] = [false, () => ({ status: 404, json: {} })];
  await page.reload();
  await pill("Not permitted");
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
  await address(new RegExp(`guild=${GUILD}`));
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
