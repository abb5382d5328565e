// The floor: an empty Worker, an empty object, one insert; and signatures by WebCrypto, so many in one request, because a
// Worker's clock stands still while it computes.
//
//   POST /empty /object /insert     answered "ok", with nothing, an object, or an object's written row behind it
//   POST /verify?count=N            the signature of the request, checked N times: how often it held
import { DurableObject } from "cloudflare:workers";

export class Floor extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.sql = state.storage.sql;
    this.sql.exec("CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID");
  }

  nothing() {
    return "ok";
  }

  insert(text) {
    this.sql.exec("INSERT INTO rows VALUES (?, ?)", crypto.randomUUID(), text);
    return "ok";
  }
}

let imported;

async function verify(request, env, count) {
  imported ??= crypto.subtle.importKey("raw", Uint8Array.fromHex(env.DISCORD_PUBLIC_KEY), "Ed25519", false, ["verify"]);
  const key = await imported;
  const signature = Uint8Array.fromHex(request.headers.get("X-Signature-Ed25519"));
  const stamp = new TextEncoder().encode(request.headers.get("X-Signature-Timestamp"));
  const body = await request.bytes();
  const message = new Uint8Array(stamp.length + body.length);
  message.set(stamp);
  message.set(body, stamp.length);
  let held = 0;
  for (let turn = 0; turn < count; turn += 1) held += await crypto.subtle.verify("Ed25519", key, signature, message);
  return new Response(String(held));
}

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const floor = env.FLOOR.getByName("floor");
    switch (pathname) {
      case "/empty":
        await request.bytes();
        return new Response("ok");
      case "/object":
        await request.bytes();
        return new Response(await floor.nothing());
      case "/insert":
        return new Response(await floor.insert(await request.text()));
      case "/verify":
        return verify(request, env, Number(searchParams.get("count")));
      default:
        return new Response("not found", { status: 404 });
    }
  },
};
