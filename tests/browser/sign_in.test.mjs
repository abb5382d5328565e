// Signing in with Discord as somebody does it: from the page to Discord's and back, and out again.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { PATIENCE, stack } from "./real.mjs";
import { ADMIN } from "./stack.mjs";

const MANAGER = "1002";
const MANAGE_SERVER = "32";
let ours;
let theirs;

before(async () => {
  [ours, theirs] = (await stack.guilds()).map(({ id }) => id);
  await stack.permit(MANAGER, { [ours]: MANAGE_SERVER, [theirs]: "0" });
  await stack.command("daily", { guildId: ours, userId: "700000000000000001", userName: "Ann" });
  await stack.command("daily", { guildId: theirs, userId: "700000000000000002", userName: "Ben" });
});

const pill = (page, words) => page.locator("[data-pill]", { hasText: words }).waitFor(PATIENCE);
const row = (page, words) => page.locator("[data-events] > li", { hasText: words });

/** From an address of the page, through Discord's, back to it. */
async function signIn(page, user, search = "") {
  await page.goto(`${stack.url}/${search}`);
  await page.getByRole("link", { name: "Sign in with Discord" }).click();
  await stack.agree(page, user);
}

test("an administrator comes back to where they were going; signing out ends every tab at once", async () => {
  const page = await stack.strangersPage();
  await signIn(page, ADMIN, "?severity=success");
  await pill(page, "Live");
  await page.waitForURL(/\/\?severity=success$/, PATIENCE);
  for (const name of ["Ann", "Ben"]) await row(page, `${name} claimed`).waitFor(PATIENCE);
  const second = await page.context().newPage();
  await second.goto(stack.url);
  await pill(second, "Live");
  await page.locator("[data-account] summary").click();
  await page.getByText("Administrator", { exact: false }).first().waitFor(PATIENCE);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  for (const tab of [page, second]) await pill(tab, "Signed out");
  assert.equal((await page.request.get(`${stack.url}/api/snapshot`)).status(), 401);
  await page.context().close();
});

test("who manages a server sees it alone", async () => {
  const page = await stack.strangersPage();
  await signIn(page, MANAGER);
  await pill(page, "Live");
  await row(page, "Ann claimed").waitFor(PATIENCE);
  await stack.command("work", { guildId: theirs, userId: "700000000000000002", userName: "Ben" });
  await stack.command("work", { guildId: ours, userId: "700000000000000001", userName: "Ann" });
  await row(page, /Ann (worked|earned)/).waitFor(PATIENCE);
  assert.equal(await row(page, "Ben").count(), 0);
  await page.context().close();
});

test("who manages none reads what they lack, and who says no that nothing has happened", async () => {
  const page = await stack.strangersPage();
  await stack.permit("1003", {});
  await signIn(page, "1003");
  await page.getByText(/Manage Server/).first().waitFor(PATIENCE);
  assert.equal(await page.locator("[data-events] > li").count(), 0);
  await page.goto(`${stack.url}/login`);
  await page.waitForURL((url) => url.pathname === "/oauth2/authorize");
  await page.goto(`${page.url()}&user=${ADMIN}&deny=true`);
  await page.getByText(/[Nn]othing has happened/).first().waitFor(PATIENCE);
  await page.context().close();
});
