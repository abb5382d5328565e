// A signed-in page with everything behind it real; one for all tests of a file, in their order.
import assert from "node:assert/strict";
import { after } from "node:test";

import { Stack } from "./stack.mjs";

export const PATIENCE = { timeout: 60_000 };
export const stack = await Stack.start();
export const page = await stack.signedInPage();
const complaints = [];
page.on("pageerror", (error) => complaints.push(error.message));
await page.locator("[data-card=servers]").waitFor(PATIENCE);

after(async () => {
  await stack.stop();
  assert.deepEqual(complaints, [], "nothing went wrong in the page's own code");
});

/** Waits for a condition of the test's own, not of the page's. */
export async function until(what, condition) {
  const deadline = Date.now() + PATIENCE.timeout;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `still not: ${what}`);
    await page.waitForTimeout(100);
  }
}
