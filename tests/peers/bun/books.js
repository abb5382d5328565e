// All servers' books in one SQLite, one transaction a command.
import { Database } from "bun:sqlite";
import * as economy from "../economy.js";

export class Books {
  #bus;
  #totals = new Map();
  #statements;
  #answer;

  constructor(path, bus) {
    this.#bus = bus;
    const database = new Database(path, { strict: true });
    database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA synchronous = NORMAL");
    database.run(`CREATE TABLE IF NOT EXISTS accounts (
      guild TEXT NOT NULL, user TEXT NOT NULL, name TEXT NOT NULL, balance INTEGER NOT NULL CHECK (balance >= 0), xp INTEGER NOT NULL,
      level INTEGER NOT NULL, streak INTEGER NOT NULL, freezes INTEGER NOT NULL, lastDaily INTEGER,
      createdAt INTEGER NOT NULL, lastAt INTEGER NOT NULL, PRIMARY KEY (guild, user)
    ) WITHOUT ROWID`);
    database.run("CREATE INDEX IF NOT EXISTS accounts_by_balance ON accounts (guild, balance DESC)");
    database.run(`CREATE TABLE IF NOT EXISTS journal (
      seq INTEGER PRIMARY KEY, guild TEXT NOT NULL, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, command TEXT NOT NULL,
      outcome TEXT NOT NULL, actor TEXT NOT NULL, target TEXT, amount INTEGER NOT NULL, note TEXT, balanceAfter INTEGER, reply TEXT NOT NULL
    )`);
    this.#statements = {
      reply: database.query("SELECT reply FROM journal WHERE id = ?"),
      account: database.query("SELECT * FROM accounts WHERE guild = ? AND user = ?"),
      rank: database.query("SELECT COUNT(*) + 1 AS rank FROM accounts WHERE guild = ? AND balance > ?"),
      leaders: database.query("SELECT user, name, balance, level, streak FROM accounts WHERE guild = ? ORDER BY balance DESC LIMIT 10"),
      open: database.query("INSERT INTO accounts (guild, user, name, balance, xp, level, streak, freezes, lastDaily, createdAt, lastAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      change: database.query("UPDATE accounts SET name = ?, balance = ?, xp = ?, level = ?, streak = ?, freezes = ?, lastDaily = ?, lastAt = ? WHERE guild = ? AND user = ?"),
      record: database.query("INSERT INTO journal (guild, id, at, command, outcome, actor, target, amount, note, balanceAfter, reply) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    };
    const sums = database.query("SELECT guild, COUNT(*) AS players, SUM(balance) AS wealth FROM accounts GROUP BY guild").all();
    for (const { guild, players, wealth } of sums) this.#totals.set(guild, { players, wealth, commands: 0, lastCommandAt: 0 });
    for (const { guild, commands, at } of database.query("SELECT guild, COUNT(*) AS commands, MAX(at) AS at FROM journal GROUP BY guild").all()) {
      Object.assign(this.#totalsOf(guild), { commands, lastCommandAt: at });
    }
    this.#answer = database.transaction((call, now) => this.#commit(call, now));
  }

  /** The reply for Discord. The same interaction gets the same one, and changes nothing again. */
  answer(call, arrivedAt) {
    const known = this.#statements.reply.get(call.id);
    if (known) return known.reply;
    const now = Date.now();
    const { reply, outcome, amount = 0, minted = 0 } = this.#answer.immediate(call, now);
    const handledMs = now - arrivedAt;
    const event = outcome === "done" && amount > 0 ? economy.event(call, now, handledMs, amount) : null;
    this.#bus.emit("answered", { event, handledMs, refused: outcome === "refused", minted });
    return reply;
  }

  /** The servers' totals, with their boards. */
  guilds() {
    return [...this.#totals].map(([guildId, totals]) => ({
      ...totals,
      leaders: this.#statements.leaders.all(guildId).map((leader) => ({ ...leader, guildId })),
    }));
  }

  #commit(call, now) {
    const decided = this.#decide(call, now);
    const { reply, outcome, amount = 0, balanceAfter = null } = decided;
    this.#statements.record.run(
      call.guildId, call.id, now, call.command, outcome, call.actor.id, call.target?.id ?? null, amount, call.note ?? null, balanceAfter, reply,
    );
    const totals = this.#totalsOf(call.guildId);
    totals.commands += 1;
    totals.lastCommandAt = now;
    return decided;
  }

  #decide(call, now) {
    const { account, rank } = this.#statements;
    const own = account.get(call.guildId, call.actor.id);
    if (call.command === "balance") {
      return { outcome: "done", reply: economy.balanceReply(call.target, account.get(call.guildId, call.target.id)) };
    }
    if (call.command === "daily") {
      const claimed = economy.daily(own ?? economy.opened(call.actor, now), now);
      if (claimed.refused) return { outcome: "refused", reply: claimed.reply };
      const { amount, after } = claimed;
      this.#store(call.guildId, own, { ...after, name: call.actor.name, lastAt: now });
      const reply = economy.dailyReply(claimed, rank.get(call.guildId, after.balance).rank, now);
      return { outcome: "done", reply, amount, minted: amount, balanceAfter: after.balance };
    }
    const to = account.get(call.guildId, call.target.id);
    const paid = economy.pay(call, own, to, now);
    if (paid.refused) return { outcome: "refused", reply: paid.reply };
    this.#store(call.guildId, own, { ...paid.from, name: call.actor.name, lastAt: now });
    this.#store(call.guildId, to, paid.to);
    return { outcome: "done", reply: economy.payReply(call, paid), amount: paid.amount, balanceAfter: paid.from.balance };
  }

  #store(guild, before, after) {
    const totals = this.#totalsOf(guild);
    totals.wealth += after.balance - (before?.balance ?? 0);
    const { name, balance, xp, level, streak, freezes, lastDaily, createdAt, lastAt, user } = after;
    if (before) {
      this.#statements.change.run(name, balance, xp, level, streak, freezes, lastDaily, lastAt, guild, user);
      return;
    }
    totals.players += 1;
    this.#statements.open.run(guild, user, name, balance, xp, level, streak, freezes, lastDaily, createdAt, lastAt);
  }

  #totalsOf(guild) {
    if (!this.#totals.has(guild)) this.#totals.set(guild, { players: 0, wealth: 0, commands: 0, lastCommandAt: 0 });
    return this.#totals.get(guild);
  }
}
