// What the two peers share: Discord's JSON in, the rules of /daily, /pay and /balance, and the shapes of PROTOCOL out.
// Pure, like Pulse's own core: time and accounts are arguments.

export const VERSION = 1;
export const FORGED = "invalid request signature";
export const BODY_MAX_BYTES = 256 * 1024;
export const PONG = '{"type":1}';
export const HEARTBEAT_MS = 25_000;
export const TICK_MS = 5_000;
export const RING_LEN = 500;
export const RECENT_LEN = 20;
export const BOARD_LEN = 10;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PLAYER_CAP = 1_000_000_000_000;
const GREEN = 0x2e7d32;
const BLUE = 0x1565c0;
const AMBER = 0xb26a00;

/** A command as the books take it; `"ping"`; or null for what is not understood. */
export function parse(text) {
  let interaction;
  try {
    interaction = JSON.parse(text);
  } catch {
    return null;
  }
  if (interaction?.type === 1) return "ping";
  const { id, guild_id: guildId, member, data } = interaction ?? {};
  if (interaction?.type !== 2 || !id || !guildId || !member?.user || !data?.name) return null;
  const option = (name) => data.options?.find((given) => given.name === name)?.value;
  const person = (userId) => {
    const user = data.resolved?.users?.[userId];
    return user && { id: userId, name: data.resolved.members?.[userId]?.nick ?? name(user), bot: user.bot === true };
  };
  const call = { id, guildId, command: data.name, actor: { id: member.user.id, name: member.nick ?? name(member.user) } };
  if (call.command === "daily") return call;
  const target = person(option("user"));
  if (call.command === "balance") return { ...call, target: target ?? call.actor };
  if (call.command !== "pay" || !target || !Number.isSafeInteger(option("amount"))) return null;
  return { ...call, target, amount: option("amount"), note: option("note")?.trim() || null };
}

const name = (user) => user.global_name ?? user.username;

export const opened = (person, now) => ({
  user: person.id, name: person.name, balance: 0, xp: 0, level: 0, streak: 0, freezes: 0, lastDaily: null, createdAt: now, lastAt: now,
});

/** The account after its daily and what it paid, or why not. */
export function daily(before, now) {
  const today = Math.floor(now / DAY_MS);
  if (before.lastDaily !== null && before.lastDaily >= today) {
    const next = Math.floor(((before.lastDaily + 1) * DAY_MS) / 1000);
    return refusal("daily_claimed", `You have claimed today's coins. The next daily comes <t:${next}:R>.`);
  }
  const missed = before.lastDaily === null ? Infinity : today - before.lastDaily - 1;
  const saved = missed === 1 && before.freezes > 0;
  const streak = missed === 0 || saved ? before.streak + 1 : 1;
  const earned = streak % 7 === 0 && before.freezes - saved < 2;
  const amount = 100 + Math.min((streak - 1) * 10, 200);
  if (before.balance + amount > PLAYER_CAP) return refusal("recipient_cap", "An account holds at most 1 000 000 000 000 coins.");
  const after = { ...before, balance: before.balance + amount, streak, freezes: before.freezes - saved + earned, lastDaily: today };
  return { amount, after: grown(after, 25) };
}

/** Both accounts after a payment, or why not; first rule first. `to` may be null. */
export function pay(call, from, to, now) {
  const { actor, target, amount, note } = call;
  if (target.id === actor.id) return refusal("self_transfer", "You cannot pay yourself. Choose somebody else.");
  if (target.bot) return refusal("bot_recipient", "Bots have no account. Choose a person.");
  if (amount < 1) return refusal("amount_too_small", "The least is 1 coin.");
  if (amount > 1_000_000) return refusal("amount_too_large", "The most at a time is 1 000 000 coins.");
  if (note && [...note].length > 100) return refusal("note_too_long", "At most 100 characters. Shorten the text.");
  if (amount > (from?.balance ?? 0)) {
    return refusal("insufficient_funds", `That takes more than the ${coins(from?.balance ?? 0)} there are.`);
  }
  const recipient = { ...(to ?? opened(target, now)), name: target.name };
  if (recipient.balance + amount > PLAYER_CAP) return refusal("recipient_cap", "An account holds at most 1 000 000 000 000 coins.");
  return {
    amount,
    from: grown({ ...from, balance: from.balance - amount }, 10),
    to: { ...recipient, balance: recipient.balance + amount },
  };
}

function grown(account, more) {
  const xp = account.xp + more;
  return { ...account, xp, level: Math.floor((Math.sqrt(1 + (8 * xp) / 100) - 1) / 2) };
}

const refusal = (code, line) => ({ refused: code, reply: message(AMBER, { description: line, footer: { text: code } }, { flags: 64 }) });

const coins = (count) => `${count.toLocaleString("en-US").replaceAll(",", " ")} ${count === 1 ? "coin" : "coins"}`;
const escape = (text) => text.replace(/[\\*_~`|>#@<\[\]()]/g, "\\$&");

function message(color, embed, more = {}) {
  return JSON.stringify({ type: 4, data: { allowed_mentions: { parse: [] }, embeds: [{ color, ...embed }], ...more } });
}

export function dailyReply({ amount, after }, rank, now) {
  const next = (Math.floor(now / DAY_MS) + 1) * (DAY_MS / 1000);
  return message(GREEN, {
    title: "Daily",
    description: `You claimed **${coins(amount)}**.\nNext daily <t:${next}:R>.`,
    fields: [
      { name: "Balance", value: coins(after.balance), inline: true },
      { name: "Streak", value: after.streak === 1 ? "1 day" : `${after.streak} days`, inline: true },
      { name: "Rank", value: `#${rank}`, inline: true },
    ],
  });
}

export function payReply({ target, note }, { amount, from }) {
  const lines = [`**${escape(target.name)}** got **${coins(amount)}**.`];
  if (note) lines.push(`> ${escape(note)}`);
  return message(
    GREEN,
    { title: "Payment", description: lines.join("\n"), fields: [{ name: "Payer's balance", value: coins(from.balance), inline: true }] },
    { content: `<@${target.id}>`, allowed_mentions: { parse: [], users: [target.id] } },
  );
}

export const balanceReply = (target, account) =>
  message(BLUE, { title: "Balance", description: `**${escape(target.name)}** has **${coins(account?.balance ?? 0)}**.` });

/** An event that the room has not numbered yet. */
export function event(call, now, handledMs, amount) {
  const { actor, target } = call;
  const told = call.command === "daily" ? `claimed ${coins(amount)}` : `paid ${coins(amount)} to ${target.name}`;
  return {
    seq: 0, id: `${call.id}-0`, at: now, severity: "success", source: call.command === "daily" ? "daily" : "transfer",
    guildId: call.guildId, actorId: actor.id, actorName: actor.name,
    ...(target && { targetId: target.id, targetName: target.name }),
    amount: String(amount), message: `${actor.name} ${told}`, handledMs,
  };
}

export const hello = (epoch, seq, now, resumed) =>
  JSON.stringify({ type: "HELLO", version: VERSION, epoch, seq, serverTime: now, heartbeatMs: HEARTBEAT_MS, resumed });
export const frame = (type, data) => JSON.stringify({ type, data });

/** The numbers of the last hour, in memory. */
export class Figures {
  #minutes = new Map();

  add(now, handledMs, refused, minted) {
    const minute = Math.floor(now / 60_000);
    const at = this.#minutes.get(minute) ?? { commands: 0, refused: 0, minted: 0, handled: [] };
    this.#minutes.set(minute, at);
    at.commands += 1;
    at.refused += Number(refused);
    at.minted += minted;
    if (handledMs !== undefined && at.handled.length < 1_000) at.handled.push(handledMs);
  }

  of(now) {
    const minute = Math.floor(now / 60_000);
    const sums = { commands: 0, refused: 0, minted: 0, handled: [] };
    for (const [at, one] of this.#minutes) {
      if (at <= minute - 24 * 60) this.#minutes.delete(at);
      sums.minted += one.minted;
      if (at > minute - 5) sums.handled.push(...one.handled);
      if (at <= minute - 60) continue;
      sums.commands += one.commands;
      sums.refused += one.refused;
    }
    sums.handled.sort((a, b) => a - b);
    return sums;
  }
}

/** What the cards show. `guilds` are the servers' totals; what the peers have not is unknown. */
export function stats({ guilds, figures, recent, viewers, seq, now }) {
  const { commands, refused, minted, handled } = figures.of(now);
  let [players, active, wealth, total, last, topStreak] = [0, 0, 0, 0, null, 0];
  const leaders = [];
  for (const guild of guilds) {
    players += guild.players;
    active += guild.players;
    wealth += guild.wealth;
    total += guild.commands;
    last = Math.max(last ?? 0, guild.lastCommandAt);
    leaders.push(...guild.leaders);
  }
  const board = (measure) => leaders.toSorted((a, b) => b[measure] - a[measure]).slice(0, BOARD_LEN)
    .map((leader) => ({ userId: leader.user, name: leader.name, guildId: leader.guildId, value: String(leader[measure]) }));
  for (const leader of leaders) topStreak = Math.max(topStreak, leader.streak);
  return {
    bot: { name: "Peer", avatarUrl: null, status: "unknown" },
    guilds: { count: guilds.length },
    users: { active, total: players },
    commands: { total, lastHour: commands, refusedLastHour: refused, failedLastHour: 0, changeFromLastMonth: null },
    ping: { avg: null, gateway: null, rest: null, changeFromLastHour: null },
    handling: { p50: handled[handled.length >> 1] ?? null, p99: handled[Math.floor(handled.length * 0.99)] ?? null },
    economy: { totalWealth: String(wealth), avgLevel: 0, topStreak, minted24h: String(minted), burned24h: "0", balanced: true },
    leaderboards: { wealth: board("balance"), level: board("level"), streak: board("streak") },
    recentEvents: recent, uptime: null, lastCommandTimestamp: last, maintenanceMode: false, viewers, asOf: now, seq,
  };
}

export const snapshot = (epoch, seq, numbers, events) => ({ version: VERSION, epoch, seq, stats: numbers, events, history: [] });

/** `?epoch=E&since=N`, if both are there. */
export function resumeOf(url) {
  const [epoch, since] = [url.searchParams.get("epoch"), url.searchParams.get("since")];
  return epoch !== null && /^\d+$/.test(since ?? "") ? { epoch, since: Number(since) } : null;
}

/** 16 hexadecimal digits. */
export const newEpoch = () => crypto.getRandomValues(new Uint8Array(8)).toHex();

/** What is signed: the timestamp, then the body as it came. Null when the headers cannot be a signature's. */
export function signed(headers, body) {
  const [signature, timestamp] = [headers.get("X-Signature-Ed25519"), headers.get("X-Signature-Timestamp")];
  if (!signature || !timestamp || timestamp.length > 32 || !/^[0-9a-fA-F]{128}$/.test(signature)) return null;
  const stamp = new TextEncoder().encode(timestamp);
  const message = new Uint8Array(stamp.length + body.length);
  message.set(stamp);
  message.set(body, stamp.length);
  return { signature: Uint8Array.fromHex(signature), message };
}
