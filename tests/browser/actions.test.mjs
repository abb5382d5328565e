// An administrator's actions from the page, in a real browser, with everything behind the page real.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { PATIENCE, page, stack } from "./real.mjs";

const GUILD = "812345678901234568";
const NAMES = { 1: "Ann", 2: "Ben" };
const player = (number) => ({ guildId: GUILD, userId: `70000000000000010${number}`, userName: NAMES[number] });

before(async () => {
  for (const number of [1, 2]) await stack.command("daily", player(number));
});

const pay = (from, to, amount) => stack.command("pay", {
  ...player(from),
  options: [{ name: "user", type: 6, value: player(to).userId, userName: NAMES[to] }, { name: "amount", type: 4, value: amount }],
});
const description = async (number) => (await stack.command("balance", player(number))).data.embeds[0].description;
const refusal = (reply) => reply.data.embeds[0].footer?.text;
const button = (name) => page.getByRole("button", { name, exact: true });
const said = (words) => page.locator("[data-said][role=status]", { hasText: words }).waitFor(PATIENCE);

async function open(search) {
  await page.goto(`${stack.url}/?${search}`);
  await page.locator("[data-pill]", { hasText: "Live" }).waitFor(PATIENCE);
}

const openPlayer = (number) => open(`view=player&server=${GUILD}&player=${player(number).userId}`);

/** Presses a button, fills in what its dialog asks for, and presses the button there. */
async function act(title, fields) {
  await button(title).click();
  const dialog = page.getByRole("dialog", { name: title });
  await dialog.waitFor(PATIENCE);
  for (const [label, value] of Object.entries(fields)) await dialog.getByLabel(label, { exact: true }).fill(value);
  await dialog.getByRole("button", { name: title }).click();
  return dialog;
}

test("coins are given: the player's next command, the journal and the feed say so, and by whom", async () => {
  await openPlayer(1);
  await act("Give coins to Ann", { Coins: "400", Reason: "a contest" });
  await said("An administrator gave Ann 400 coins: 100 → 500 coins, because a contest");
  assert.match(await description(1), /500 coins/);
  const row = page.locator("[data-view=player] tr", { hasText: "economy give" });
  await row.getByText("by An administrator").waitFor(PATIENCE);
  await row.getByText("a contest").waitFor(PATIENCE);
  await page.locator("[data-go=overview]").first().click();
  await page.locator("[data-events] > li", { hasText: "100 → 500 coins, because a contest" }).waitFor(PATIENCE);
});

test("what a rule refuses is said in the dialog, and can be put right there", async () => {
  await openPlayer(1);
  const dialog = await act("Take coins from Ann", { Coins: "501", Reason: "too much" });
  await dialog.getByRole("status").getByText("more than the 500 coins").waitFor(PATIENCE);
  await dialog.getByLabel("Coins").fill("100");
  await dialog.getByRole("button", { name: "Take coins from Ann" }).click();
  await said("500 → 400 coins");
  assert.match(await description(1), /400 coins/);
});

test("a frozen player keeps every coin, until let go", async () => {
  await openPlayer(1);
  await act("Freeze Ann", { Reason: "a look at it" });
  await said("An administrator froze Ann, because a look at it");
  await page.locator("[data-view=player] .tag", { hasText: "Frozen" }).waitFor(PATIENCE);
  assert.equal(refusal(await pay(1, 2, 5)), "frozen");
  assert.equal(refusal(await pay(2, 1, 5)), "recipient_frozen");
  await act("Unfreeze Ann", { Reason: "all is well" });
  await said("unfroze Ann");
  assert.equal(refusal(await pay(1, 2, 50)), undefined);
});

test("a payment is undone from the journal, once", async () => {
  await open(`view=server&server=${GUILD}`);
  // A payment that was refused moved nothing, and has no button.
  const undo = page.getByRole("button", { name: /^Undo row/ });
  const row = page.locator("[data-view=server] tbody tr", { hasText: "pay", has: undo }).first();
  await row.waitFor(PATIENCE);
  const seq = (await row.locator("td").first().textContent()).trim();
  await act(`Undo row ${seq}`, { Reason: "a mistake" });
  await said(`undid row ${seq} (pay)`);
  await page.getByText(`undoes row ${seq}`).waitFor(PATIENCE);
  assert.equal(await button(`Undo row ${seq}`).count(), 0, "it cannot be undone again");
  assert.match(await description(1), /400 coins/);
  await button("Prove the books").click();
  await page.getByText(/✓ .* agree/).waitFor(PATIENCE);
});

test("an action leaves the reader where they are: nothing collapses, and what it changed is there", async () => {
  for (let number = 200; number < 260; number += 1) {
    await stack.command("daily", { guildId: GUILD, userId: `${700000000000000000n + BigInt(number)}`, userName: `P${number}` });
    await stack.command("balance", player(1));
  }
  await open(`view=server&server=${GUILD}`);
  const journal = page.locator("[aria-label=Journal]");
  const rows = journal.locator("tbody tr");
  await rows.filter({ hasText: "P259" }).waitFor(PATIENCE);
  assert.equal(await rows.filter({ hasText: "balance" }).count(), 0, "a page of reads hides no payment");
  await journal.getByRole("button", { name: "Everything" }).click();
  await rows.filter({ hasText: "balance" }).first().waitFor(PATIENCE);
  await journal.getByRole("button", { name: "Older rows" }).click();
  await rows.nth(110).waitFor(PATIENCE);
  await button("Show").click();
  await button("Change pay_min").waitFor(PATIENCE);
  const undo = rows.filter({ hasText: "P205" }).getByRole("button");
  await undo.scrollIntoViewIfNeeded();
  const place = async () => (await rows.filter({ hasText: "P204" }).boundingBox()).y;
  const before = await place();
  await act(await undo.getAttribute("aria-label"), { Reason: "a mistake" });
  await said("undid row");
  await rows.filter({ hasText: "P205" }).filter({ hasText: "undone by row" }).waitFor(PATIENCE);
  assert.ok(Math.abs((await place()) - before) < 300, "only the new row and the words of the outcome have come above");
  assert.ok(await page.locator("[data-said]").isVisible() && (await page.locator("[data-said]").boundingBox()).y >= 0);
  assert.ok(await button("Change pay_min").isVisible());
});

test("a server is paused and goes on; its rules and its shop are changed", async () => {
  await open(`view=server&server=${GUILD}`);
  await button("Show").click();
  await act("Pause this server", { Reason: "a break" });
  await said("paused the economy, because a break");
  assert.equal(refusal(await pay(1, 2, 1)), "paused");
  await act("Resume this server", { Reason: "over" });
  await said("resumed the economy");
  await act("Change pay_min", { Value: "5", Reason: "small change" });
  await said("set pay_min: 1 coin → 5 coins");
  assert.equal(refusal(await pay(1, 2, 1)), "amount_too_small");
  await act("Add an item", { Name: "Hat", Price: "9", Reason: "winter" });
  await said("added Hat for 9 coins");
  const shop = await stack.command("shop", player(1));
  assert.match(JSON.stringify(shop), /Hat/);
});

/** What a number field refuses, each of it something that somebody has typed into one. */
const NO_NUMBERS = ["ten", "1,5", "12,50", "7,5 %", "-1", "1e3", "0x10", "1 2 3", "99999999999999999999", "٫٥"];

test("what is typed into a dialog is understood or refused beside it, and nothing else is saved", async () => {
  await open(`view=server&server=${GUILD}`);
  await button("Show").click();
  const sent = [];
  const note = (request) => request.method() === "POST" && sent.push(request.postDataJSON());
  page.on("request", note);
  await button("Add an item").click();
  const dialog = page.getByRole("dialog", { name: "Add an item" });
  const whole = { Name: "Scarf", Price: "1,200", Stock: "no limit", "A player may hold": "no limit" };
  const fill = async (fields) => {
    for (const [label, value] of Object.entries(fields)) await dialog.getByLabel(label, { exact: true }).fill(value);
  };
  await fill({ ...whole, Reason: "a try" });
  for (const label of ["Price", "Stock", "A player may hold"]) {
    for (const value of [...NO_NUMBERS, ""]) {
      await fill({ ...whole, [label]: value });
      await dialog.getByRole("button", { name: "Add an item" }).click();
      const field = dialog.getByLabel(label, { exact: true });
      assert.equal(await field.getAttribute("aria-invalid"), "true", `${label}: ${value}`);
      const told = await dialog.locator(`#${await field.getAttribute("aria-describedby")}`).textContent();
      assert.match(told, /\.$/, `${label}: ${value}: ${told}`);
      assert.equal(await page.evaluate(() => document.activeElement.name), await field.getAttribute("name"));
    }
  }
  await fill({ ...whole, Name: " " });
  await dialog.getByRole("button", { name: "Add an item" }).click();
  assert.equal(await dialog.getByLabel("Name").getAttribute("aria-invalid"), "true");
  assert.deepEqual(sent, [], "nothing was sent");
  await fill({ ...whole, Stock: "12" });
  await dialog.getByRole("button", { name: "Add an item" }).click();
  await said("added Scarf for 1,200 coins");
  assert.equal(sent.length, 1);

  const row = page.locator("[data-view=server] tr", { has: button("Change Scarf") });
  await row.waitFor(PATIENCE);
  assert.deepEqual((await row.locator("td").allTextContents()).slice(1), ["1,200", "12", "no limit"]);
  await act("Change Scarf", { Price: "900", Reason: "a sale" });
  await said("Scarf");
  assert.deepEqual(Object.keys(sent.at(-1)).sort(), ["action", "item", "key", "price", "reason"], "what was left alone is not sent");
  const rule = page.getByRole("dialog", { name: "Change gambling" });
  await button("Change gambling").click();
  await rule.getByLabel("Value").selectOption("On");
  await rule.getByLabel("Reason").fill("a fair");
  await rule.getByRole("button", { name: "Change gambling" }).click();
  await said("gambling");
  page.off("request", note);
});

test("coins are a number or nothing happens", async () => {
  await openPlayer(1);
  const before = await description(1);
  await button("Give coins to Ann").click();
  const dialog = page.getByRole("dialog", { name: "Give coins to Ann" });
  for (const value of [...NO_NUMBERS, ""]) {
    await dialog.getByLabel("Coins").fill(value);
    await dialog.getByLabel("Reason").fill("a try");
    await dialog.getByRole("button", { name: "Give coins to Ann" }).click();
    assert.equal(await dialog.getByLabel("Coins").getAttribute("aria-invalid"), "true", value);
  }
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await description(1), before);
});

test("a threshold that is no number changes nothing, and says so beside it", async () => {
  await open("view=alerts");
  const latency = page.locator("[data-threshold=latency]");
  await latency.fill("250");
  await latency.press("Tab");
  for (const value of ["fast", "1,2,3", "-5", "0", "70000", "1e3", "12.345", "0x10", "250 ms!", "∞"]) {
    await latency.fill(value);
    await latency.press("Tab");
    assert.match(await page.locator("#latency-trouble").textContent(), /\.$/, value);
    const kept = await page.evaluate(() => localStorage.getItem("pulse-alerts"));
    assert.match(kept, /^250;/, value);
  }
  await latency.fill("");
  await latency.press("Tab");
  assert.equal(await page.locator("#latency-trouble").textContent(), "");
  await page.locator("[data-sound]").uncheck();
  await page.locator("[data-notify]").uncheck();
  await page.locator("[data-try]").click();
  await page.locator("[data-try-note]", { hasText: "neither box is ticked" }).waitFor(PATIENCE);
});

test("everything is paused, and every page says so", async () => {
  await open("view=servers");
  await act("Pause everything", { Reason: "an upgrade" });
  await said("paused everything, because an upgrade");
  await page.locator("[data-maintenance]").waitFor(PATIENCE);
  const announced = page.locator("[data-announced]");
  await announced.filter({ hasText: "Everything is paused" }).waitFor(PATIENCE);
  await page.reload();
  await announced.filter({ hasText: "Everything is paused" }).waitFor(PATIENCE);
  const deadline = Date.now() + PATIENCE.timeout;
  while (refusal(await pay(1, 2, 5)) !== "maintenance") assert.ok(Date.now() < deadline, "players play on");
  await act("Resume everything", { Reason: "done" });
  await said("resumed everything");
  await page.locator("[data-maintenance]").waitFor({ ...PATIENCE, state: "hidden" });
  await announced.filter({ hasText: /^$/ }).waitFor({ ...PATIENCE, state: "attached" });
});

test("an action whose answer is lost is sent again with the same key, and happens once", async () => {
  await openPlayer(2);
  const before = await description(2);
  const held = Number(before.match(/([\d,]+) coins/)[1].replaceAll(",", ""));
  const keys = [];
  await page.route("**/actions", async (route) => {
    keys.push(route.request().postDataJSON().key);
    const answer = await route.fetch();
    if (keys.length === 1) await route.abort(); // It has happened, and nobody was told.
    else await route.fulfill({ response: answer });
  });
  const dialog = await act("Give coins to Ben", { Coins: "7", Reason: "once" });
  await dialog.getByRole("status").getByText("could not be reached").waitFor(PATIENCE);
  await dialog.getByRole("button", { name: "Give coins to Ben" }).click();
  await said("because once");
  await page.unroute("**/actions");
  assert.deepEqual([keys.length, new Set(keys).size], [2, 1]);
  assert.match(await description(2), new RegExp(`${(held + 7).toLocaleString("en")} coins`));
});
