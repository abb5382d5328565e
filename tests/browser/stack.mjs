// Everything that stands behind the page, as real processes: the edge on workerd, the stand-in for Discord, the bot-worker.
import { spawn } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const BOT_TOKEN = "a-bot-token-of-the-browser-tests";
const DISCORD_TOKEN = "a-discord-token-of-the-browser-tests";
const ADMIN_TOKEN = "an-admin-token-of-the-browser-tests";
const APPLICATION = "1190000000000000001";
/** Who may see and do everything, when signed in with Discord. */
export const ADMIN = "1001";
const PATIENCE_MS = 60_000;
/** What stands before the 32 bytes of the seed in a private key of PKCS #8 (RFC 8410, section 7). */
const PKCS8_BEFORE_SEED = "302e020100300506032b657004220420";

/** A child in a process group of its own, ready once it has said `words`. */
async function program(path, args, env, words) {
  const child = spawn(path, args, { cwd: root, env: { ...process.env, ...env }, detached: true, stdio: "pipe" });
  const said = [];
  const line = await new Promise((ready, failed) => {
    const giveUp = () => failed(new Error(`${path} did not say "${words}":\n${said.join("\n")}`));
    const timer = setTimeout(giveUp, PATIENCE_MS);
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on("line", (line) => {
        said.push(line);
        if (line.includes(words)) {
          clearTimeout(timer);
          ready(line);
        }
      });
    }
    child.once("exit", giveUp);
  });
  const gone = new Promise((done) => child.once("exit", done));
  return {
    url: line.match(/http:\/\/\S+/)?.[0],
    /** As a power cut would: it, and all that it started. */
    kill: async () => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
      await gone;
    },
  };
}

// Ports that no system hands out by itself: what is free stays so until the program that is to listen there does. Files
// run at the same time: each begins somewhere else.
const PORTS = { first: 30_000, count: 2_000 };
let asked = process.pid * 599;

async function freePort() {
  for (let tried = 0; tried < PORTS.count; tried++) {
    const port = PORTS.first + (asked++ % PORTS.count);
    const probe = createServer().listen(port, "127.0.0.1");
    const isFree = await new Promise((done) => probe.once("listening", () => done(true)).once("error", () => done(false)));
    if (!isFree) continue;
    await new Promise((done) => probe.close(done));
    return port;
  }
  throw new Error(`all ${PORTS.count} ports from ${PORTS.first} are taken`);
}

/** The last 32 bytes of a private key in PKCS #8 are its seed; of a public key in SPKI, the key. */
function keys() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const tail = (key, type) => key.export({ format: "der", type }).subarray(-32).toString("hex");
  return { seed: tail(privateKey, "pkcs8"), key: tail(publicKey, "spki"), privateKey };
}

/** The private key of an Ed25519 seed in hex. */
export function keyOfSeed(seed) {
  return createPrivateKey({ key: Buffer.from(PKCS8_BEFORE_SEED + seed, "hex"), format: "der", type: "pkcs8" });
}

let commands = 0n;

/** A command that is signed as Discord signs; gives the answer. */
export async function signedCommand(url, privateKey, name, { guildId, userId, userName }) {
  const body = JSON.stringify({
    type: 2, id: `${(BigInt(Date.now()) << 22n) + commands++}`, guild_id: guildId,
    member: { user: { id: userId, username: userName } }, data: { name },
  });
  const timestamp = `${Math.floor(Date.now() / 1000)}`;
  const signature = sign(null, Buffer.from(timestamp + body), privateKey).toString("hex");
  const headers = { "X-Signature-Ed25519": signature, "X-Signature-Timestamp": timestamp };
  const answer = await fetch(`${url}/interactions`, { method: "POST", body, headers });
  if (answer.status !== 200) throw new Error(`/${name} was answered ${answer.status}`);
  return answer.json();
}

/** Chromium, quiet. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.PULSE_CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
}

export class Stack {
  #port;
  #simPort;
  #ticket = randomBytes(32).toString("hex");
  #keys = keys();
  #state = mkdtempSync(join(tmpdir(), "pulse-"));
  #edge;
  #sim;
  #bot;
  #browser;

  static async start() {
    const stack = new Stack();
    [stack.#port, stack.#simPort] = [await freePort(), await freePort()];
    await stack.startEdge();
    stack.#sim = await program(
      join(root, "target/debug/discord-sim"),
      ["--listen", `127.0.0.1:${stack.#simPort}`, "--edge-url", stack.url, "--application-id", APPLICATION,
        "--players", "0", "--latency-ms", "40"],
      { DISCORD_SIM_SIGNING_KEY: stack.#keys.seed, DISCORD_TOKEN },
      "discord-sim ready",
    );
    stack.#browser = await launch();
    return stack;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** On the page's port, or out of its sight on another (0: a free one); always on the same state. */
  async startEdge(wanted = this.#port) {
    const port = wanted || (await freePort());
    const bindings = {
      DISCORD_PUBLIC_KEY: this.#keys.key,
      BOT_TOKEN,
      ADMIN_TOKEN,
      DEV_LINK: `${this.#ticket}.${Date.now() + 600_000}`,
      DISCORD_API: `http://127.0.0.1:${this.#simPort}/api/v10`,
      DISCORD_APPLICATION_ID: APPLICATION,
      DISCORD_CLIENT_SECRET: "a-client-secret-of-the-browser-tests",
      ADMIN_IDS: ADMIN,
    };
    const isDev = process.env.PULSE_BUILD === "dev";
    const main = join(root, isDev ? "target/edge/dev/index.js" : "target/edge/local/index.js");
    const page = isDev ? join(root, "target/page/dev") : undefined;
    const options = JSON.stringify({ port, state: this.#state, main, page, bindings });
    const node = join(root, "node_modules/.bin/node");
    this.#edge = await program(node, ["edge/serve.mjs"], { PULSE_EDGE_OPTIONS: options }, "edge ready");
    return this.#edge.url;
  }

  async killEdge() {
    await this.#edge.kill();
  }

  async startBot() {
    const env = { DISCORD_TOKEN, BOT_TOKEN, EDGE_URL: this.url, DISCORD_API: `${this.#sim.url}/api/v10` };
    this.#bot = await program(join(root, "target/debug/bot-worker"), ["run"], env, "bot-worker ready");
  }

  async killBot() {
    await this.#bot.kill();
  }

  async setLatency(ms) {
    await fetch(`${this.#sim.url}/control/latency`, { method: "PUT", body: JSON.stringify({ ms }) });
  }

  /** The servers that the stand-in knows. */
  async guilds() {
    const headers = { Authorization: "Bearer user-1", "User-Agent": "DiscordBot (https://discord.com/developers, 0)" };
    return (await fetch(`${this.#sim.url}/api/v10/users/@me/guilds`, { headers })).json();
  }

  /** Makes somebody have these permissions in these servers, and be in no other. */
  async permit(user, servers) {
    const answer = await fetch(`${this.#sim.url}/control/people/${user}`, { method: "PUT", body: JSON.stringify({ servers }) });
    if (!answer.ok) throw new Error(`${user} was refused: ${await answer.text()}`);
  }

  /** A signed command, as Discord posts it; gives Discord's side of the answer. */
  async command(name, more = {}) {
    const body = JSON.stringify({ name, ...more });
    const answer = await fetch(`${this.#sim.url}/control/interactions`, { method: "POST", body });
    return (await answer.json()).body;
  }

  /** The same, to an edge that the page cannot see: signed here, because the stand-in knows only the page's. */
  async commandAt(url, name, more) {
    return signedCommand(url, this.#keys.privateKey, name, more);
  }

  /** What the room of such an edge has. */
  async eventsAt(url) {
    const answer = await fetch(`${url}/api/events`, { headers: { Authorization: `Bearer ${ADMIN_TOKEN}` } });
    return answer.json();
  }

  /** A browser window of its own, signed in by a link. The first use of the link is the only one. */
  async signedInPage(options = {}) {
    const context = await this.#browser.newContext(options);
    const page = await context.newPage();
    await page.goto(`${this.url}/login/local?ticket=${this.#ticket}`);
    return page;
  }

  async strangersPage() {
    const context = await this.#browser.newContext();
    return context.newPage();
  }

  /** On Discord's page, which asks: says yes, as this person. */
  async agree(page, user) {
    await page.waitForURL((url) => url.pathname === "/oauth2/authorize");
    await page.goto(`${page.url()}&user=${user}`);
  }

  async stop() {
    await this.#browser?.close();
    for (const program of [this.#bot, this.#sim, this.#edge]) await program?.kill();
    rmSync(this.#state, { recursive: true, force: true });
  }
}
