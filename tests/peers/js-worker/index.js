// The same contract in JavaScript: verify with WebCrypto, one object a server, one room, calls between them by RPC.
import * as economy from "../economy.js";

export { Guild } from "./guild.js";
export { Room } from "./room.js";

// Imported once; a key costs as much as a signature.
let imported;
const publicKey = (env) =>
  (imported ??= crypto.subtle.importKey("raw", Uint8Array.fromHex(env.DISCORD_PUBLIC_KEY), "Ed25519", false, ["verify"]));

async function isSigned(request, body, env) {
  const signed = economy.signed(request.headers, body);
  return signed !== null && crypto.subtle.verify("Ed25519", await publicKey(env), signed.signature, signed.message);
}

const json = (body) => new Response(body, { headers: { "Content-Type": "application/json" } });
const room = (env) => env.ROOM.getByName("room");

async function interact(request, env) {
  const arrivedAt = Date.now();
  if (Number(request.headers.get("Content-Length") ?? 0) > economy.BODY_MAX_BYTES) return new Response("too large", { status: 413 });
  const body = await request.bytes();
  if (body.length > economy.BODY_MAX_BYTES) return new Response("too large", { status: 413 });
  if (!(await isSigned(request, body, env))) return new Response(economy.FORGED, { status: 401 });
  const call = economy.parse(new TextDecoder().decode(body));
  if (call === null) return new Response("not understood", { status: 400 });
  if (call === "ping") return json(economy.PONG);
  return json(await env.GUILD.getByName(call.guildId).answer(call, arrivedAt));
}

const isAdmin = (request, env) => request.headers.get("Authorization") === `Bearer ${env.ADMIN_TOKEN}`;

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/interactions") {
      return request.method === "POST" ? interact(request, env) : new Response("POST only", { status: 405 });
    }
    if (pathname === "/healthz") return new Response("ok");
    if (pathname !== "/ws" && pathname !== "/api/snapshot") return new Response("not found", { status: 404 });
    if (!isAdmin(request, env)) return new Response("signed out", { status: 401 });
    if (pathname === "/api/snapshot") return json(await room(env).snapshot());
    if (request.headers.get("Upgrade") !== "websocket") return new Response("upgrade", { status: 426 });
    return room(env).fetch(request);
  },
};
