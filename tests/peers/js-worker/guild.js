// One server's books: SQLite, statements without an await between them, so that they commit as one.
import { DurableObject } from "cloudflare:workers";
import * as economy from "../economy.js";

export class Guild extends DurableObject {
  #sql;
  #totals;

  constructor(state, env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS accounts (
        user TEXT PRIMARY KEY, name TEXT NOT NULL, balance INTEGER NOT NULL CHECK (balance >= 0), xp INTEGER NOT NULL,
        level INTEGER NOT NULL, streak INTEGER NOT NULL, freezes INTEGER NOT NULL, lastDaily INTEGER,
        createdAt INTEGER NOT NULL, lastAt INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS accounts_by_balance ON accounts (balance DESC);
      CREATE TABLE IF NOT EXISTS journal (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, command TEXT NOT NULL, outcome TEXT NOT NULL,
        actor TEXT NOT NULL, target TEXT, amount INTEGER NOT NULL, note TEXT, balanceAfter INTEGER, reply TEXT NOT NULL
      )`);
    // Read once: this object is the only writer.
    const [accounts] = this.#rows("SELECT COUNT(*) AS players, COALESCE(SUM(balance), 0) AS wealth FROM accounts");
    const [journal] = this.#rows("SELECT COUNT(*) AS commands FROM journal");
    this.#totals = { ...accounts, ...journal };
  }

  /** The reply for Discord. The same interaction gets the same one, and changes nothing again. */
  answer(call, arrivedAt) {
    const [known] = this.#rows("SELECT reply FROM journal WHERE id = ?", call.id);
    if (known) return known.reply;
    const now = Date.now();
    const handledMs = now - arrivedAt;
    const { reply, outcome, amount = 0, minted = 0, balanceAfter = null } = this.#decide(call, now);
    this.#sql.exec(
      "INSERT INTO journal (id, at, command, outcome, actor, target, amount, note, balanceAfter, reply) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      call.id, now, call.command, outcome, call.actor.id, call.target?.id ?? null, amount, call.note ?? null, balanceAfter, reply,
    );
    this.#totals.commands += 1;
    const event = outcome === "done" && amount > 0 ? economy.event(call, now, handledMs, amount) : null;
    const leaders = this.#rows("SELECT user, name, balance, level, streak FROM accounts ORDER BY balance DESC LIMIT 10");
    const guild = { ...this.#totals, lastCommandAt: now, leaders: leaders.map((leader) => ({ ...leader, guildId: call.guildId })) };
    this.ctx.waitUntil(this.env.ROOM.getByName("room").publish(call.guildId, guild, event, handledMs, outcome === "refused", minted));
    return reply;
  }

  #decide(call, now) {
    const own = this.#account(call.actor.id);
    if (call.command === "balance") {
      return { outcome: "done", reply: economy.balanceReply(call.target, this.#account(call.target.id)) };
    }
    if (call.command === "daily") {
      const claimed = economy.daily(own ?? economy.opened(call.actor, now), now);
      if (claimed.refused) return { outcome: "refused", reply: claimed.reply };
      const { amount, after } = claimed;
      this.#store(own, { ...after, name: call.actor.name, lastAt: now });
      const [{ rank }] = this.#rows("SELECT COUNT(*) + 1 AS rank FROM accounts WHERE balance > ?", after.balance);
      return { outcome: "done", reply: economy.dailyReply(claimed, rank, now), amount, minted: amount, balanceAfter: after.balance };
    }
    const to = this.#account(call.target.id);
    const paid = economy.pay(call, own, to, now);
    if (paid.refused) return { outcome: "refused", reply: paid.reply };
    this.#store(own, { ...paid.from, name: call.actor.name, lastAt: now });
    this.#store(to, paid.to);
    return { outcome: "done", reply: economy.payReply(call, paid), amount: paid.amount, balanceAfter: paid.from.balance };
  }

  #account(user) {
    return this.#rows("SELECT * FROM accounts WHERE user = ?", user)[0] ?? null;
  }

  #store(before, after) {
    this.#totals.wealth += after.balance - (before?.balance ?? 0);
    if (before) {
      this.#sql.exec(
        "UPDATE accounts SET name = ?, balance = ?, xp = ?, level = ?, streak = ?, freezes = ?, lastDaily = ?, lastAt = ? WHERE user = ?",
        after.name, after.balance, after.xp, after.level, after.streak, after.freezes, after.lastDaily, after.lastAt, after.user,
      );
      return;
    }
    this.#totals.players += 1;
    this.#sql.exec(
      "INSERT INTO accounts (user, name, balance, xp, level, streak, freezes, lastDaily, createdAt, lastAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      after.user, after.name, after.balance, after.xp, after.level, after.streak, after.freezes, after.lastDaily, after.createdAt, after.lastAt,
    );
  }

  #rows(statement, ...values) {
    return this.#sql.exec(statement, ...values).toArray();
  }
}
