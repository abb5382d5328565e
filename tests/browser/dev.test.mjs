// `cargo xtask dev` on a copy of the sources: what is edited is live by itself, and what cannot be compiled is told.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { spawn } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { copySources, removeSources } from "./sources.mjs";
import { keyOfSeed, launch, signedCommand } from "./stack.mjs";

/** Compiling Pulse itself takes a minute on two free cores, and they are not free. */
const PATIENCE_MS = 900_000;
const REPLY = "interactions/src/command/balance.rs";

const PLAYER = { guildId: "800000000000000001", userId: "700000000000000001", userName: "Ann" };

let sources, dev, browser, page;

before(async () => {
  sources = copySources();
  browser = await launch();
  dev = await start(sources);
  page = await browser.newPage();
  await page.goto(dev.link);
  await page.getByRole("heading", { name: "Recent events" }).waitFor();
});

after(async () => {
  await browser?.close();
  await dev?.end();
  if (sources) removeSources(sources);
});

/** Starts `dev`, without its crowd: the page shows only what the tests do. */
async function start(folder) {
  const child = spawn("cargo", ["xtask", "dev", "--port", "0", "--no-players"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  const ended = new Promise((done) => child.once("exit", done));
  for (const output of [child.stdout, child.stderr]) createInterface({ input: output }).on("line", (line) => said.push(line));
  const started = {
    said,
    /** As Ctrl-C does. */
    end: async () => {
      child.kill("SIGINT");
      return ended;
    },
  };
  await until("ready", said, () => child.exitCode !== null || said.some((line) => line.startsWith("sign in (")));
  assert.equal(child.exitCode, null, said.join("\n"));
  started.url = said.find((line) => line.startsWith("ready ")).slice("ready ".length);
  started.link = said.find((line) => line.startsWith("sign in (")).match(/http:\S+/)[0];
  return started;
}

function setting(name) {
  const lines = readFileSync(join(sources, ".dev.vars"), "utf8").split("\n");
  return lines.find((line) => line.startsWith(`${name}=`)).slice(name.length + 1).replaceAll('"', "").trim();
}

function edit(file, from, to) {
  const path = join(sources, file);
  const text = readFileSync(path, "utf8");
  assert.ok(text.includes(from), `${file} holds ${from}`);
  writeFileSync(path, text.replace(from, to));
}

async function balance() {
  return JSON.stringify(await signedCommand(dev.url, keyOfSeed(setting("DISCORD_SIM_SIGNING_KEY")), "balance", PLAYER));
}

async function answers(words) {
  // While the edge is restarted, nobody answers for a moment.
  await until(words.source, dev.said, async () => words.test(await balance().catch(() => "")));
}

async function until(what, said, condition) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `still not: ${what}. dev said:\n${said.join("\n")}`);
    await new Promise((later) => setTimeout(later, 100));
  }
}

/** Leaves a mark on the page that a reload takes away. */
async function mark() {
  await page.evaluate(() => (window.isOld = true));
}

async function reloaded() {
  await page.waitForFunction(() => !window.isOld, null, { timeout: PATIENCE_MS });
  await page.getByRole("heading", { name: "Recent events" }).waitFor();
}

test("a changed reply is in the answer to a signed command, and the page is reloaded, still signed in", async () => {
  assert.match(await balance(), /no account yet/);
  await mark();
  edit(REPLY, "and no account yet", "and no purse yet");
  await answers(/no purse yet/);
  await reloaded();
});

test("a change of the page's style is live", async () => {
  await mark();
  appendFileSync(join(sources, "dashboard/static/style.css"), "\nbody { outline-color: rgb(1, 2, 3); }\n");
  await reloaded();
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).outlineColor), "rgb(1, 2, 3)");
});

test("what does not compile is told on the page while the last good build goes on; mended, it is live", async () => {
  const banner = page.locator("#build-problem");
  edit(REPLY, "and no purse yet", "and no wallet yet\" + \"");
  await banner.waitFor({ timeout: PATIENCE_MS });
  const told = await banner.textContent();
  assert.match(told, /The last change is not live/);
  assert.match(told, /balance\.rs/, "the place of the mistake");
  assert.match(await balance(), /no purse yet/, "what ran before goes on");
  assert.ok(dev.said.some((line) => line.includes("not live")), "the terminal says so, too");

  edit(REPLY, "and no wallet yet\" + \"", "and no wallet yet");
  await banner.waitFor({ state: "detached", timeout: PATIENCE_MS });
  await answers(/no wallet yet/);
});

test("Ctrl-C ends everything that was started", async () => {
  assert.equal(await dev.end(), 0);
  await assert.rejects(fetch(dev.url), "nothing listens any more");
});
