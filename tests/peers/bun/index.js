// The system of the original ticket in one process: Bun's server, its sockets' native publish, an event bus, SQLite.
//
//   PORT, STATE (a folder), DISCORD_PUBLIC_KEY, ADMIN_TOKEN
//   stdout  edge ready http://127.0.0.1:P
//   stdin   closed: stop
import { createPublicKey, verify } from "node:crypto";
import { EventEmitter } from "node:events";
import { mkdirSync } from "node:fs";
import * as economy from "../economy.js";
import { Books } from "./books.js";
import { Feed } from "./feed.js";

const { PORT = "0", STATE, DISCORD_PUBLIC_KEY, ADMIN_TOKEN } = process.env;
const ROOM = "room";
mkdirSync(STATE, { recursive: true });
const bus = new EventEmitter();
const books = new Books(`${STATE}/books.sqlite`, bus);
const feed = new Feed(`${STATE}/feed.sqlite`);
const publicKey = createPublicKey({
  key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(DISCORD_PUBLIC_KEY, "hex").toString("base64url") },
  format: "jwk",
});

const json = (body) => new Response(body, { headers: { "Content-Type": "application/json" } });
const status = (code, text) => new Response(text, { status: code });

async function interact(request) {
  const arrivedAt = Date.now();
  const body = new Uint8Array(await request.arrayBuffer());
  const signed = economy.signed(request.headers, body);
  if (signed === null || !verify(null, signed.message, publicKey, signed.signature)) return status(401, economy.FORGED);
  const call = economy.parse(new TextDecoder().decode(body));
  if (call === null) return status(400, "not understood");
  return json(call === "ping" ? economy.PONG : books.answer(call, arrivedAt));
}

const isAdmin = (request) => request.headers.get("Authorization") === `Bearer ${ADMIN_TOKEN}`;

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(PORT),
  maxRequestBodySize: economy.BODY_MAX_BYTES,
  routes: {
    "/interactions": { POST: interact },
    "/healthz": new Response("ok"),
    "/api/snapshot": (request) =>
      isAdmin(request) ? json(JSON.stringify(feed.snapshot(books.guilds(), server.subscriberCount(ROOM)))) : status(401, "signed out"),
    "/ws": (request) => {
      if (!isAdmin(request)) return status(401, "signed out");
      const resume = economy.resumeOf(new URL(request.url));
      return server.upgrade(request, { data: { resume } }) ? undefined : status(426, "upgrade");
    },
  },
  fetch: (request) => (new URL(request.url).pathname === "/interactions" ? status(405, "POST only") : status(404, "not found")),
  websocket: {
    open(socket) {
      socket.subscribe(ROOM);
      for (const frame of feed.welcome(socket.data.resume, books.guilds(), server.subscriberCount(ROOM))) socket.send(frame);
    },
    message(socket, text) {
      if (text === "ping") socket.send("pong");
      else socket.close(4400, "not a message of this protocol");
    },
  },
});

bus.on("answered", (answered) => {
  const event = feed.record(answered);
  if (event !== null) server.publish(ROOM, economy.frame("NEW_EVENT", event));
});

setInterval(() => {
  const viewers = server.subscriberCount(ROOM);
  if (viewers > 0) server.publish(ROOM, economy.frame("STATS_UPDATE", feed.stats(books.guilds(), viewers)));
}, economy.TICK_MS);

process.stdin.on("end", () => process.exit(0)).resume();
console.log(`edge ready http://127.0.0.1:${server.port}`);
