// The stream: numbered events in SQLite, the newest of them in memory.
import { Database } from "bun:sqlite";
import * as economy from "../economy.js";

export class Feed {
  #epoch;
  #seq;
  #ring;
  #insert;
  #figures = new economy.Figures();

  constructor(path) {
    const database = new Database(path, { strict: true });
    database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA synchronous = NORMAL");
    database.run("CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, json TEXT NOT NULL)");
    database.run("CREATE TABLE IF NOT EXISTS epoch (only INTEGER PRIMARY KEY CHECK (only = 0), epoch TEXT NOT NULL)");
    database.query("INSERT OR IGNORE INTO epoch VALUES (0, ?)").run(economy.newEpoch());
    this.#epoch = database.query("SELECT epoch FROM epoch").get().epoch;
    const newest = database.query("SELECT json FROM events ORDER BY seq DESC LIMIT ?").all(economy.RING_LEN);
    this.#ring = newest.map(({ json }) => JSON.parse(json)).reverse();
    this.#seq = this.#ring.at(-1)?.seq ?? 0;
    this.#insert = database.query("INSERT INTO events VALUES (?, ?)");
  }

  /** Numbers and keeps an event; gives it, or null when there is none. */
  record({ event, handledMs, refused, minted }) {
    this.#figures.add(Date.now(), handledMs, refused, minted);
    if (event === null) return null;
    this.#seq += 1;
    const numbered = { ...event, seq: this.#seq };
    this.#insert.run(numbered.seq, JSON.stringify(numbered));
    this.#ring.push(numbered);
    if (this.#ring.length > economy.RING_LEN) this.#ring.shift();
    return numbered;
  }

  /** The frames for whoever has just joined. */
  *welcome(resume, guilds, viewers) {
    const first = this.#ring[0]?.seq ?? this.#seq + 1;
    const resumed = resume?.epoch === this.#epoch && resume.since <= this.#seq && resume.since >= first - 1;
    yield economy.hello(this.#epoch, this.#seq, Date.now(), resumed);
    yield resumed
      ? economy.frame("EVENTS", this.#ring.filter((event) => event.seq > resume.since))
      : economy.frame("SNAPSHOT", this.snapshot(guilds, viewers));
    yield economy.frame("STATS_UPDATE", this.stats(guilds, viewers));
  }

  snapshot(guilds, viewers) {
    return economy.snapshot(this.#epoch, this.#seq, this.stats(guilds, viewers), this.#recent(economy.RING_LEN));
  }

  stats(guilds, viewers) {
    const recent = this.#recent(economy.RECENT_LEN);
    return economy.stats({ guilds, figures: this.#figures, recent, viewers, seq: this.#seq, now: Date.now() });
  }

  #recent(count) {
    return this.#ring.slice(-count).reverse();
  }
}
