// The room: hibernating sockets, a frame for each event the moment it is recorded, numbers every 5 s while anyone watches.
import { DurableObject } from "cloudflare:workers";
import * as economy from "../economy.js";

export class Room extends DurableObject {
  #sql;
  #epoch;
  #seq;
  #ring;
  #guilds = new Map();
  #figures = new economy.Figures();
  #ticking = false;

  constructor(state, env) {
    super(state, env);
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.#sql = state.storage.sql;
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, json TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS guilds (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS epoch (only INTEGER PRIMARY KEY CHECK (only = 0), epoch TEXT NOT NULL)`);
    this.#sql.exec("INSERT OR IGNORE INTO epoch VALUES (0, ?)", economy.newEpoch());
    this.#epoch = this.#sql.exec("SELECT epoch FROM epoch").one().epoch;
    const newest = this.#sql.exec("SELECT json FROM events ORDER BY seq DESC LIMIT ?", economy.RING_LEN).toArray();
    this.#ring = newest.map(({ json }) => JSON.parse(json)).reverse();
    this.#seq = this.#ring.at(-1)?.seq ?? 0;
    for (const { id, json } of this.#sql.exec("SELECT id, json FROM guilds")) this.#guilds.set(id, JSON.parse(json));
  }

  /** A server tells what happened in it. */
  publish(guildId, guild, event, handledMs, refused, minted) {
    this.#figures.add(Date.now(), handledMs, refused, minted);
    this.#guilds.set(guildId, guild);
    this.#sql.exec("INSERT OR REPLACE INTO guilds VALUES (?, ?)", guildId, JSON.stringify(guild));
    if (event === null) return;
    this.#seq += 1;
    const numbered = { ...event, seq: this.#seq };
    this.#sql.exec("INSERT INTO events VALUES (?, ?)", numbered.seq, JSON.stringify(numbered));
    this.#ring.push(numbered);
    if (this.#ring.length > economy.RING_LEN) this.#ring.shift();
    this.#broadcast(economy.frame("NEW_EVENT", numbered));
  }

  snapshot() {
    return JSON.stringify(this.#snapshot(Date.now()));
  }

  async fetch(request) {
    const now = Date.now();
    const resume = economy.resumeOf(new URL(request.url));
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const first = this.#ring[0]?.seq ?? this.#seq + 1;
    const resumed = resume?.epoch === this.#epoch && resume.since <= this.#seq && resume.since >= first - 1;
    server.send(economy.hello(this.#epoch, this.#seq, now, resumed));
    if (resumed) {
      server.send(economy.frame("EVENTS", this.#ring.filter((event) => event.seq > resume.since)));
    } else {
      server.send(economy.frame("SNAPSHOT", this.#snapshot(now)));
    }
    server.send(economy.frame("STATS_UPDATE", this.#stats(now)));
    if (!this.#ticking) {
      this.#ticking = true;
      await this.ctx.storage.setAlarm(now + economy.TICK_MS);
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  async alarm() {
    this.#ticking = this.ctx.getWebSockets().length > 0;
    if (!this.#ticking) return;
    const now = Date.now();
    this.#broadcast(economy.frame("STATS_UPDATE", this.#stats(now)));
    this.#sql.exec("DELETE FROM events WHERE seq <= ?", this.#seq - 50_000);
    await this.ctx.storage.setAlarm(now + economy.TICK_MS);
  }

  webSocketMessage(socket) {
    socket.close(4400, "not a message of this protocol");
  }

  webSocketClose(socket, code) {
    if (![1005, 1006, 1015].includes(code)) socket.close(code, "");
  }

  webSocketError() {}

  #broadcast(text) {
    for (const socket of this.ctx.getWebSockets()) {
      try {
        socket.send(text);
      } catch {
        // It is closing; its close event follows.
      }
    }
  }

  #recent(count) {
    return this.#ring.slice(-count).reverse();
  }

  #stats(now) {
    const [guilds, viewers] = [[...this.#guilds.values()], this.ctx.getWebSockets().length];
    return economy.stats({ guilds, figures: this.#figures, recent: this.#recent(economy.RECENT_LEN), viewers, seq: this.#seq, now });
  }

  #snapshot(now) {
    return economy.snapshot(this.#epoch, this.#seq, this.#stats(now), this.#recent(economy.RING_LEN));
  }
}
