// The page alone, before a server that is played: for faults that have to be exact, and for amounts that have to be large.
import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const built = process.env.PULSE_BUILD === "dev" ? "target/page/dev" : "dashboard/dist";
const dist = process.env.PULSE_DIST ?? join(root, built);
export const DIST = dist;
const ORIGIN = "http://localhost";
const KINDS = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".wasm": "application/wasm" };
const EPOCH = "00000000000000ab";
export const GUILD = "812345678901234567";
export const OTHER_GUILD = "812345678901234568";
const STEP_MS = 5_000;

export function event(seq, more = {}) {
  const message = more.message ?? `Ann claimed ${seq} coins`;
  return {
    seq, id: `${1000000000 + seq}`, at: Date.now() - (more.ago ?? 0), severity: "success", source: "daily",
    guildId: GUILD, guildName: "Coffee Club", actorId: "700000000000000001", actorName: "Ann", amount: `${seq}`,
    handledMs: 4, ...more, message,
  };
}

export function stats(seq, more = {}) {
  const leader = (name, value, index) => ({ userId: `70000000000000000${index}`, name, guildId: GUILD, value });
  const people = ["Ann", "Bob", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hana", "Ivy", "Jon"];
  return {
    bot: { name: "Pulse", avatarUrl: null, status: "online" },
    guilds: { count: 3 },
    users: { active: 12, total: 42 },
    commands: { total: 12345, lastHour: 321, refusedLastHour: 4, failedLastHour: 0, changeFromLastMonth: 12.3 },
    ping: { avg: 41.5, gateway: 38, rest: 45, changeFromLastHour: -3.2 },
    handling: { p50: 4, p99: 19 },
    economy: { totalWealth: "1234567", avgLevel: 3.4, topStreak: 17, minted24h: "4200", burned24h: "120", balanced: true },
    leaderboards: {
      wealth: people.map((name, index) => leader(name, `${90000 - index * 8_350}`, index)),
      level: people.map((name, index) => leader(name, `${20 - index}`, index)),
      streak: people.map((name, index) => leader(name, `${17 - index}`, index)),
    },
    recentEvents: [], uptime: 93_784, lastCommandTimestamp: Date.now() - 3_000, maintenanceMode: false, viewers: 2,
    asOf: Date.now(), seq, ...more,
  };
}

/** An hour of points, with ten minutes in which nobody measured. */
export function history(count = 720, step = STEP_MS) {
  const end = Math.floor(Date.now() / step) * step;
  return Array.from({ length: count }, (_, index) => {
    const wave = Math.sin(index / 40) + Math.sin(index / 7) / 3;
    const gap = index > count * 0.4 && index < count * 0.55;
    return {
      at: end - (count - 1 - index) * step, ping: gap ? null : Math.round(60 + 30 * wave + (index > count * 0.9 ? 120 : 0)),
      handlingP99: gap ? null : Math.round(14 + 6 * wave), commands: Math.max(0, Math.round(4 + 3 * wave)),
      errors: index % 97 === 0 ? 1 : 0, wealth: `${1_200_000 + index * 48}`, ...census(index, count, gap, end),
    };
  });
}

/** What the room leaves out where it is as in the point before. */
function census(index, count, gap, end) {
  const at = (index) => ({
    guilds: index < count * 0.7 ? 2 : 3, active: 8 + Math.floor(6 * Math.sin(index / 90) ** 2), avgLevel: 3 + Math.floor(index / 90) / 20,
    topStreak: index < count / 2 ? 16 : 17,
  });
  const before = index > 0 ? at(index - 1) : {};
  const changed = Object.entries(at(index)).filter(([name, value]) => before[name] !== value);
  return { ...Object.fromEntries(changed), startedAt: gap ? 0 : end - 93_784_000 };
}

export const players = (count, page = 1) => Array.from({ length: count }, (_, index) => ({
  userId: `7000000000000${String(page * 1000 + index).padStart(5, "0")}`, name: `Player ${page}-${index + 1}`, balance: `${90_000 - index * 37}`,
  level: 9, xp: 4_500, streak: 4, freezes: 1, rank: (page - 1) * count + index + 1, createdAt: Date.now() - 86_400_000 * 40,
}));

export const journal = (first, count) => Array.from({ length: Math.min(count, first) }, (_, index) => {
  const [ann, bob] = ["700000000000000001", "700000000000000002"];
  const row = { seq: first - index, id: `${1000000000 + first - index}`, at: Date.now() - index * 60_000, actorId: ann, actorName: "Ann", targetId: null };
  if (index % 3) return { ...row, command: "daily", debit: "mint", credit: ann, creditName: "Ann", amount: "120", tax: "0", note: null, balanceAfter: "1250" };
  const sides = { debit: ann, debitName: "Ann", credit: bob, creditName: "Bob" };
  return { ...row, ...sides, command: "pay", targetId: bob, amount: "250", tax: "5", note: "for the coffee", balanceAfter: "1000" };
});

const GUILDS = [
  { id: GUILD, name: "Coffee Club", iconUrl: null, players: 30, wealth: "900000", commands: 9000, lastCommandAt: Date.now() - 3_000 },
  { id: OTHER_GUILD, name: "Book Circle", iconUrl: null, players: 12, wealth: "334567", commands: 3345, lastCommandAt: null },
];

/** A played server. What a route answers can be replaced: `server.routes["/api/guilds"] = () => ({ status: 503 })`. */
export class Server {
  events;
  sockets = [];
  questions = [];
  /** With which parameters sockets came. */
  joined = [];
  accepts = true;
  embeds = false;

  constructor({ count = 40, points = history() } = {}) {
    this.events = Array.from({ length: count }, (_, index) => event(index + 1, { ago: (count - index) * 900 }));
    this.points = points;
    this.routes = {
      "/api/snapshot": () => ({ json: this.snapshot() }),
      "/api/guilds": () => ({ json: GUILDS }),
      "/api/me": () => ({ json: { id: "700000000000000001", name: "Ann", avatarUrl: null, role: "admin", guilds: [] } }),
      "/api/events": (query) => ({ json: this.older(query) }),
      "/api/events.csv": (query) => ({ body: ["\uFEFFseq,message", ...this.older(query).map(({ seq, message }) => `${seq},"${message}"`), ""].join("\r\n") }),
      "/api/history": (query) => ({ json: { range: query.get("range"), stepMs: 60_000, points: query.get("range") === "24h" ? history(1440, 60_000) : history(2880, 900_000) } }),
    };
  }

  get seq() {
    return this.events.at(-1)?.seq ?? 0;
  }

  snapshot(count = 500) {
    const events = this.events.slice(-count).reverse();
    return { version: 1, epoch: EPOCH, seq: this.seq, stats: stats(this.seq), events, history: this.points };
  }

  older(query) {
    const fits = (event) =>
      event.seq < Number(query.get("before") ?? Infinity) &&
      (!query.has("severity") || query.getAll("severity").includes(event.severity)) &&
      (!query.get("source") || event.source === query.get("source")) &&
      (!query.get("q") || event.message.toLowerCase().includes(query.get("q").toLowerCase()));
    return this.events.filter(fits).slice(-Number(query.get("limit") ?? 50)).reverse();
  }

  async attach(context) {
    await context.route(`${ORIGIN}/**`, async (route) => {
      const url = new URL(route.request().url());
      const asks = route.request().method() === "POST" || url.pathname.startsWith("/api/");
      const answer = asks ? this.answer(url) : this.file(url.pathname);
      await route.fulfill(answer).catch(() => {}); // The page may have left.
    });
    await context.routeWebSocket(/\/ws/, (socket) => this.join(socket));
  }

  answer(url) {
    this.questions.push(url.pathname + url.search);
    const guild = url.pathname.match(/^\/api\/guilds\/(\d+)\/(.+)$/);
    if (this.routes[url.pathname]) return this.routes[url.pathname](url.searchParams);
    if (guild?.[2] === "players") {
      const page = Number(url.searchParams.get("page"));
      return { json: { players: players(50, page), page, pages: 3, by: url.searchParams.get("by") } };
    }
    if (guild?.[2] === "journal") {
      const newest = 250;
      const around = url.searchParams.get("around");
      const first = around ? Math.min(Number(around) - 1_000_000_000 + 20, newest) : Number(url.searchParams.get("before") ?? newest + 1) - 1;
      return { json: journal(first, Number(url.searchParams.get("limit"))) };
    }
    if (guild?.[2] === "proof") return { json: { rows: 250, accounts: 30, sum: "0", lowestBalance: "0", mismatches: [] } };
    if (guild?.[2].startsWith("players/")) return { json: { ...players(1)[0], userId: guild[2].slice(8), name: "Ann", items: [{ name: "Fishing rod", quantity: 2 }] } };
    return { status: 404, json: { error: { code: "not_found", message: "" } } };
  }

  file(path) {
    const file = join(dist, { "/": "index.html", "/alerts": "alerts.html" }[path] ?? path);
    if (!existsSync(file)) return { status: 404, body: "" };
    let body = readFileSync(file);
    if (path === "/" && this.embeds) {
      const block = `<script type="application/json" id="snapshot">${JSON.stringify(this.snapshot(50)).replaceAll("<", "\\u003c")}</script>`;
      body = body.toString().replace("<!--snapshot-->", () => block);
    }
    return { body, contentType: KINDS[extname(file)] };
  }

  join(socket) {
    if (!this.accepts) return socket.close({ code: 4000 });
    this.sockets.push(socket);
    socket.onMessage((text) => text === "ping" && socket.send("pong"));
    this.joined.push(new URL(socket.url()).search);
    socket.onClose(() => (this.sockets = this.sockets.filter((other) => other !== socket)));
    const since = new URL(socket.url()).searchParams.get("since");
    const resumed = since !== null;
    const say = (message) => socket.send(JSON.stringify(message));
    say({ type: "HELLO", version: this.version ?? 1, epoch: EPOCH, seq: this.seq, serverTime: Date.now(), heartbeatMs: 25_000, resumed });
    if (resumed) say({ type: "EVENTS", data: this.events.filter(({ seq }) => seq > Number(since)) });
    else say({ type: "SNAPSHOT", data: this.snapshot() });
    say({ type: "STATS_UPDATE", data: stats(this.seq) });
  }

  say(message) {
    for (const socket of this.sockets) socket.send(JSON.stringify(message));
  }

  tellStats(more = {}, points = []) {
    this.say({ type: "STATS_UPDATE", data: stats(this.seq, { asOf: Date.now(), ...more }), points });
  }

  /** Records events, and sends them as a burst. */
  record(count, more = {}) {
    const fresh = Array.from({ length: count }, (_, index) => event(this.seq + 1 + index, more));
    this.events.push(...fresh);
    this.say({ type: "EVENTS", data: fresh });
  }

  /** From one moment to the next, everybody is thrown out. */
  async cut(code = 4000) {
    await Promise.all(this.sockets.splice(0).map((socket) => socket.close({ code, reason: "" })));
  }
}

export const PAGE = `${ORIGIN}/`;
