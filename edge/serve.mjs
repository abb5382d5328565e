// Runs the built Worker on real workerd: what `wrangler dev` does, without its proxy, watcher and network.
//
//   PULSE_EDGE_OPTIONS  {"port": 0, "state": "target/state/edge", "bindings": {"BOT_TOKEN": "…"}}; with "config" and
//                       "modules" another Worker than Pulse, as benchmarks compare it: its wrangler.toml and its files.
//                       Or @FILE, which holds that: an environment variable is bounded
//   stdout              edge ready http://127.0.0.1:P
//   stderr              what the Worker writes to its console
//   stdin               closed: stop. A line `evict CLASS NAME` drops that Durable Object from memory and
//                       is answered by `evicted CLASS NAME`. With `"faults": true` among the options, `stop Room`
//                       lets every request to the room fail until `start Room`; each is answered by the same line.
process.env.WRANGLER_SEND_METRICS = "false";
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
process.env.WRANGLER_LOG = "error"; // its notices would go to stdout, which is ours

import { createServer } from "node:net";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const HOST = "127.0.0.1";
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const said = process.env.PULSE_EDGE_OPTIONS ?? "{}";
const given = JSON.parse(said.startsWith("@") ? readFileSync(said.slice(1), "utf8") : said);
const { port = 0, state, main, bindings = {}, faults = false } = given;

function fail(message) {
  process.stderr.write(`edge: ${message}\n`);
  process.exit(1);
}

/** Miniflare would fall back to another port silently; whoever asked for this one wants to know. */
function claim(wanted) {
  return new Promise((done) => {
    const probe = createServer();
    probe.once("error", (error) => {
      fail(error.code === "EADDRINUSE" ? `port ${wanted} is taken` : `cannot listen on port ${wanted}: ${error.code}`);
    });
    probe.listen(wanted, HOST, () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

const claimed = await claim(port);

// Killed, Miniflare leaves its temporary files behind: here they are the next start's to remove, and nobody's litter.
const storage = resolve(state ?? join(root, "target/state/edge"));
const temporary = join(storage, ".miniflare-tmp"); // a name that nothing of a folder's owner has
rmSync(temporary, { recursive: true, force: true });
mkdirSync(temporary, { recursive: true });
process.env.TMPDIR = temporary;

const { unstable_getMiniflareWorkerOptions, unstable_readConfig } = await import("wrangler");
const { Log, LogLevel, Miniflare, convertV4MiniflareOptions } = await import("miniflare");

const config = unstable_readConfig({ config: resolve(root, given.config ?? "wrangler.toml") }, { hideWarnings: true });
const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
const worker = main ?? config.main;
const built = dirname(worker);

// By the rules of wrangler.toml Cloudflare asks the Worker first, or looks for a file before that. Miniflare does it with
// five Workers before ours, which together take as long as ours does; this does it with one line.
const rules = config.assets?.run_worker_first;
const inner = faults ? "faulty.js" : basename(worker);
const front = `
  import Worker from "./${inner}";
  export * from "./${inner}";
  export default Worker;
  const rules = ${JSON.stringify(rules)};
  const matches = (path) => (rule) => (rule.endsWith("*") ? path.startsWith(rule.slice(0, -1)) : path === rule);
  export class Front extends Worker {
    async fetch(request) {
      if (rules.some(matches(new URL(request.url).pathname))) return super.fetch(request);
      const file = await this.env.ASSETS.fetch(request.clone());
      return file.status === 404 ? super.fetch(request) : file;
    }
  }`;

const beside = (given.modules ?? [join(built, "index_bg.wasm")]).map((path) => resolve(root, path));
const typed = (path) => (path.endsWith(".wasm") ? { type: "CompiledWasm", contents: readFileSync(path) } : { type: "ESModule" });
const modules = [worker, ...beside].map((path) => ({ ...typed(path), path }));
let stopped = false;
// The built Worker as it is, behind a Room that asks before each request whether there shall be a room now.
const faulty = `
  export * from "./index.js";
  export { default } from "./index.js";
  import { Room as Real } from "./index.js";
  async function ask(env) {
    const answer = await env.FAULTS.fetch("https://faults/");
    if ((await answer.text()) === "stopped") throw new Error("the room is stopped");
  }
  export class Room extends Real {
    async fetch(request) {
      await ask(this.env);
      return super.fetch(request);
    }
    async push(push) {
      await ask(this.env);
      return super.push(push);
    }
  }`;
if (faults) modules.unshift({ type: "ESModule", path: join(built, "faulty.js"), contents: faulty });
if (rules) modules.unshift({ type: "ESModule", path: join(built, "front.js"), contents: front });
const serviceBindings = faults ? { FAULTS: async () => new Response(stopped ? "stopped" : "running") } : {};

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    host: HOST,
    port: 0,
    cf: false,
    log: new Log(LogLevel.ERROR),
    logRequests: false,
    telemetry: { enabled: false },
    resourcePersistencePath: storage,
    handleStructuredLogs: ({ level, message }) => process.stderr.write(`${level} ${message}\n`),
    workers: [
      {
        ...workerOptions,
        name: config.name,
        // Exactly these: wrangler would add all of `.dev.vars`, and the bot's token is none of the Worker's business.
        bindings: { ...config.vars, ...bindings },
        // A socket of its own: requests reach the Worker without Miniflare's entry Worker before it.
        unsafeDirectSockets: [{ host: HOST, port: claimed, entrypoint: rules ? "Front" : "default" }],
        modulesRoot: given.modules ? dirname(built) : built,
        modules,
        serviceBindings: { ...workerOptions.serviceBindings, ...serviceBindings },
      },
    ],
  }),
);

let stopping = false;
async function stop(code) {
  if (stopping) return;
  stopping = true;
  // Disposing ends workerd politely; a hang in it must not keep the parent waiting.
  setTimeout(() => process.exit(code), 2000).unref();
  await miniflare.dispose().catch(() => {});
  process.exit(code);
}
process.on("SIGTERM", () => stop(0));
process.on("SIGINT", () => stop(0));

async function evict(className, name) {
  await miniflare.unsafeEvictDurableObject(config.name, className, { name, webSockets: "hibernate" });
}

createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const [verb, className, name] = line.split(" ");
    if (faults && className === "Room" && (verb === "stop" || verb === "start")) {
      stopped = verb === "stop";
      process.stdout.write(`${line}\n`);
    }
    if (verb !== "evict") return;
    await evict(className, name).then(
      () => process.stdout.write(`evicted ${className} ${name}\n`),
      (error) => process.stdout.write(`evict failed: ${error.message}\n`),
    );
  })
  .on("close", () => stop(0));

await miniflare.ready.catch((error) => fail(error.message));
process.stdout.write(`edge ready http://${HOST}:${claimed}\n`);
