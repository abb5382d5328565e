// Runs the built Worker on real workerd: what `wrangler dev` does, without its proxy, watcher and network.
//
//   PULSE_EDGE_OPTIONS  {"port": 0, "state": "target/state/edge", "main": "edge/build/index.js", "page": "dashboard/dist",
//                       "bindings": {"BOT_TOKEN": "…"}}; with "config" and "modules" another Worker than Pulse, as
//                       benchmarks compare it: its wrangler.toml and its files. Or @FILE, which holds that: an
//                       environment variable is bounded
//   stdout              edge ready http://127.0.0.1:P
//   stderr              what the Worker writes to its console
//   stdin               closed: stop. Otherwise a line is one of these:
//                       `evict CLASS NAME` drops that Durable Object from memory, and is answered by
//                       `evicted CLASS NAME`.
//                       With `"faults": true` among the options, `stop Room` lets every request to the room fail until
//                       `start Room`, and `trap Guild` lets the next answer of a server's books end in a trap; each is
//                       answered by the same line. `sql CLASS STATEMENT` runs a statement in the database of the next
//                       object of that class that is asked something, before it answers; answered by the same line.
//                       `limit rows` lets the storage refuse what writes, as a plan does that is out of rows, `limit
//                       requests` a server's books every command, until `limit nothing`; answered by the same line.
//                       `count` is answered by `counted N`, the requests and calls to objects so far.
//                       `nameless CLASS` asks an object that has no name, and is answered by `nameless CLASS STATUS`.
//                       With `"dev": true`, `reload JSON` takes on what was built anew, with other options where the
//                       JSON names some, and is answered by `reloaded` or `reload failed: WHY`; after a failure the
//                       build before runs on. `problem JSON` shows a text on open pages, or none for `null`.
process.env.WRANGLER_SEND_METRICS = "false";
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
process.env.WRANGLER_LOG = "error"; // its notices would go to stdout, which is ours

import { createServer } from "node:net";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { read } from "./serve/config.mjs";
import { Pages } from "./serve/dev.mjs";
import { TRAP, faulty, front } from "./serve/modules.mjs";

const HOST = "127.0.0.1";
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const said = process.env.PULSE_EDGE_OPTIONS ?? "{}";
let given = JSON.parse(said.startsWith("@") ? readFileSync(said.slice(1), "utf8") : said);
const { port = 0, state, faults = false } = given;

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

const { Log, LogLevel, Miniflare, convertV4MiniflareOptions } = await import("miniflare");

const pages = given.dev ? new Pages() : null;
const fault = { room: "running", books: "running", limit: "", sql: {} };
/** Requests and calls to objects so far. */
let asked = 0;

/** The Worker's modules as they lie on the disk now. */
function modulesOf(worker, rules) {
  const built = dirname(worker);
  const beside = (given.modules ?? [join(built, "index_bg.wasm")]).map((path) => resolve(root, path));
  const typed = (path) =>
    path.endsWith(".wasm") ? { type: "CompiledWasm", contents: readFileSync(path) } : { type: "ESModule" };
  const modules = [worker, ...beside].map((path) => ({ contents: readFileSync(path, "utf8"), ...typed(path), path }));
  const made = (name, contents) => ({ type: "ESModule", path: join(built, name), contents });
  if (faults) {
    modules.unshift(made("faulty.js", faulty()));
    modules.push({ type: "CompiledWasm", path: join(built, "trap.wasm"), contents: TRAP });
  }
  const inner = faults ? "faulty.js" : basename(worker);
  if (rules) modules.unshift(made("front.js", front(inner, rules, pages?.build)));
  return { modules, modulesRoot: given.modules ? dirname(built) : built };
}

/** A trap strikes once, and a statement runs once; a stopped room stays so. */
function nextFault(className) {
  asked += 1;
  if (className === "Books") return "running";
  const statement = fault.sql[className];
  delete fault.sql[className];
  if (statement) return `sql ${statement}`;
  if (className === "Room") return fault.room;
  const { books } = fault;
  fault.books = "running";
  return books;
}

let name;

/** What Miniflare is to run, read anew from wrangler.toml, the built files and `given`. */
async function options() {
  const { workerOptions, ...config } = await read(root, given.config ?? "wrangler.toml");
  const rules = config.assets?.run_worker_first;
  const serviceBindings = { ...workerOptions.serviceBindings };
  if (faults) {
    serviceBindings.FAULTS = async ({ url }) =>
      new Response(nextFault(new URL(url).pathname.slice(1)), { headers: { "X-Limit": fault.limit } });
  }
  if (pages) serviceBindings.DEV = (request) => pages.answer(request);
  name = config.name;
  if (given.page && workerOptions.assets) workerOptions.assets = { ...workerOptions.assets, directory: given.page };
  return convertV4MiniflareOptions({
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
        name,
        // Exactly these: wrangler would add all of `.dev.vars`, and the bot's token is none of the Worker's business.
        bindings: { ...config.vars, ...given.bindings },
        // A socket of its own: requests reach the Worker without Miniflare's entry Worker before it.
        unsafeDirectSockets: [{ host: HOST, port: claimed, entrypoint: rules ? "Front" : "default" }],
        ...modulesOf(given.main ?? config.main, rules),
        serviceBindings,
      },
    ],
  });
}

let running = await options();
const miniflare = new Miniflare(running);

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

async function evict(className, object) {
  await miniflare.unsafeEvictDurableObject(name, className, { name: object, webSockets: "hibernate" });
}

/** Asks an object that was made without a name, as a program with a token; gives the status. */
async function askNameless(className) {
  const objects = await miniflare.getDurableObjectNamespace(className.toUpperCase(), name);
  const path = className === "Room" ? "snapshot" : "settings";
  const headers = { "X-Pulse-Credential": "program" };
  return (await objects.get(objects.newUniqueId()).fetch(`https://object/${path}`, { headers })).status;
}

/** Runs what was built anew; when that does not start, the build before goes on. */
async function reload(changes) {
  const before = [given, running];
  given = { ...given, ...changes };
  try {
    await pages.renew(async () => {
      running = await options();
      await miniflare.setOptions(running);
      const answer = await fetch(`http://${HOST}:${claimed}/healthz`);
      if (!answer.ok) throw new Error(`the Worker answers ${answer.status} to /healthz`);
    });
    return "reloaded";
  } catch (error) {
    [given, running] = before;
    await miniflare.setOptions(running);
    return `reload failed: ${error.message.replaceAll("\n", " ")}`;
  }
}

function setFault(verb, className) {
  if (className === "Room") fault.room = verb === "stop" ? "stopped" : "running";
  else fault.books = "trap";
}

createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const [verb, className, object] = line.split(" ");
    const rest = line.slice(verb.length + 1);
    if (faults && ["stop Room", "start Room", "trap Guild"].includes(line)) {
      setFault(verb, className);
      process.stdout.write(`${line}\n`);
    } else if (faults && verb === "limit") {
      fault.limit = className === "nothing" ? "" : className;
      process.stdout.write(`${line}\n`);
    } else if (faults && verb === "sql") {
      fault.sql[className] = rest.slice(className.length + 1);
      process.stdout.write(`${line}\n`);
    } else if (faults && verb === "count") {
      process.stdout.write(`counted ${asked}\n`);
    } else if (faults && verb === "nameless") {
      const status = await askNameless(className).catch((error) => error.message);
      process.stdout.write(`nameless ${className} ${status}\n`);
    } else if (pages && verb === "problem") {
      pages.complain(JSON.parse(rest));
    } else if (pages && verb === "reload") {
      process.stdout.write(`${await reload(JSON.parse(rest))}\n`);
    } else if (verb === "evict") {
      await evict(className, object).then(
        () => process.stdout.write(`evicted ${className} ${object}\n`),
        (error) => process.stdout.write(`evict failed: ${error.message}\n`),
      );
    }
  })
  .on("close", () => stop(0));

await miniflare.ready.catch((error) => fail(error.message));
process.stdout.write(`edge ready http://${HOST}:${claimed}\n`);
