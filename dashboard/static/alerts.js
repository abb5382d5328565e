// Rules, channels and incidents: what the room of all servers keeps, and what an administrator may do with it.

const EVERY_MS = 10_000;
const UNITS = { s: "s", ms: "ms", percent: "%", times: "×", flag: "" };
const PARTS = {
  bot: "bot-worker", gateway: "Discord's gateway", rest: "Discord's REST", replies: "Pulse's replies", books: "the books", receiver: "a receiver of webhooks",
};
/** Kinds of events in the words of their `source`, as a webhook's subscription takes them. */
const SOURCES = {
  daily: "Daily", transfer: "Payments", work: "Work", coinflip: "Coin flips", shop: "Shop", admin: "Administrators", level_up: "Levels",
  command: "Commands", bot: "The bot", edge: "The edge",
};
const SEVERITIES = { success: "Done", info: "Told", warn: "Warnings", error: "Errors" };
const one = (selector, within = document) => within.querySelector(selector);
const said = one("[data-said]");
/** The servers' names by their ids. */
const servers = new Map();
let older = [];

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(method, path, body) {
  const init = { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(`/api/alerts${path}`, init);
  } catch {
    throw new Refused(0, "Pulse could not be reached. Check the connection, then try again.");
  }
  const text = await answer.text();
  let told = null;
  try {
    told = text && JSON.parse(text);
  } catch {
    // A proxy's page: its status says enough.
  }
  if (!answer.ok) throw new Refused(answer.status, told?.error?.message ?? `Pulse answered ${answer.status}.`);
  return told;
}

/** An incident's name, with the server that it is about. */
function titleOf({ title, guild }) {
  return guild ? `${title}: \u2068${guild.name || guild.id}\u2069` : title;
}

function make(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function button(words, act, label) {
  const node = make("button", { type: "button", className: "button", textContent: words });
  if (label) node.setAttribute("aria-label", label);
  node.addEventListener("click", async () => {
    node.disabled = true;
    try {
      await act();
    } catch (error) {
      said.textContent = error.message;
    }
    node.disabled = false;
  });
  return node;
}

const moment = (ms) => {
  const words = new Date(ms).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });
  return make("time", { dateTime: new Date(ms).toISOString(), textContent: words });
};

function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

const count = (number, word) => `${number.toLocaleString()} ${word}${number === 1 ? "" : "s"}`;

function incidentRow(incident) {
  const lasts = incident.until === null;
  const kind = lasts ? incident.severity : "over";
  const peak = incident.unit === "flag" ? "" : `, at worst ${incident.peak.toLocaleString()} ${UNITS[incident.unit]}`;
  const row = make("li", { id: incident.id });
  const length = span((incident.until ?? Date.now()) - incident.since);
  const state = lasts ? (incident.severity === "error" ? "Error" : "Warning") : "Over";
  row.append(
    make("p", { className: "row" },
      make("span", { className: `tag mark-${kind}`, textContent: state }),
      make("strong", { textContent: titleOf(incident) }),
      make("span", {}, "since ", moment(incident.since), `${peak}, ${lasts ? "for" : "lasted"} ${length}`)),
    make("p", { className: "soft", textContent: concerns(incident) }),
  );
  if (lasts) for (const line of incident.advice) row.append(make("p", { textContent: line }));
  const ways = make("p", { className: "row" });
  const step = (words, body) =>
    button(words, async () => {
      await ask("POST", `/incidents/${incident.id}`, body);
      await refresh();
      one("#main").focus();
    }, `${words}: ${titleOf(incident)}`);
  if (lasts && !incident.acknowledged) ways.append(step("Take it on", { action: "acknowledge" }));
  if (lasts) {
    ways.append(step("Silence for 1 h", { action: "silence", forMs: 3_600_000 }), step("Resolve", { action: "resolve" }));
  }
  if (ways.childElementCount > 0) row.append(ways);
  return row;
}

function concerns(incident) {
  const { servers, players, commands } = incident.touched;
  const parts = [
    `Slow or failing: ${PARTS[incident.cause] ?? incident.cause}.`,
    `Concerns ${count(servers, "server")}, ${count(players, "player")}, ${count(commands, "command")} of 5 min.`,
  ];
  if (incident.returns > 0) parts.push(`Came back ${count(incident.returns, "time")}.`);
  if (incident.acknowledged) parts.push(`Taken on by ${incident.acknowledged.name}.`);
  if (incident.resolved) parts.push(`Resolved by ${incident.resolved.name}.`);
  if (incident.silencedUntil > Date.now()) parts.push(`Silenced until ${new Date(incident.silencedUntil).toLocaleTimeString()}.`);
  return parts.join(" ");
}

/** A subscription to events, in words. */
function subscription({ sources = [], severities = [], guildId }) {
  const words = (names, chosen, all) => (chosen.length === 0 ? all : chosen.map((name) => names[name] ?? name).join(", "));
  const server = guildId ? `, of ${servers.get(guildId) ?? guildId}` : "";
  return `${words(SOURCES, sources, "all kinds")}; ${words(SEVERITIES, severities, "all severities")}${server}`;
}

function channelRow(channel) {
  const state = channel.on ? (channel.failingSince ? "Failing" : "On") : "Off";
  const mark = channel.on ? (channel.failingSince ? "warn" : "over") : "error";
  const why = channel.offBecause ?? channel.why;
  const row = make("li", {},
    make("p", { className: "row" },
      make("span", { className: `tag mark-${mark}`, textContent: state }),
      make("strong", { textContent: channel.name }),
      make("span", { className: "soft", textContent: `${channel.kind === "discord" ? "Discord" : "Webhook"}, ${channel.hint}` })));
  if (channel.events) row.append(make("p", { className: "soft", textContent: `Is sent events: ${subscription(channel.events)}` }));
  if (why) row.append(make("p", { className: "soft", textContent: `The last answer: ${why}` }));
  const path = `/channels/${channel.id}`;
  const test = button("Test", async () => {
    const told = await ask("POST", `${path}/test`);
    const status = told.status === null ? "no answer" : `it answered ${told.status}`;
    said.textContent = `${channel.name}: ${told.ok ? "taken" : "not taken"}, ${status} after ${told.tookMs} ms. ${told.answer}`;
  }, `Test ${channel.name}`);
  const turn = button(channel.on ? "Switch off" : "Switch on", async () => {
    await ask("PUT", path, { on: !channel.on });
    await refresh();
  }, `${channel.on ? "Switch off" : "Switch on"}: ${channel.name}`);
  const remove = button("Remove", async () => {
    if (!confirm(`Remove the channel ${channel.name}?`)) return;
    await ask("DELETE", path);
    await refresh();
    one("#main").focus();
  }, `Remove ${channel.name}`);
  row.append(make("p", { className: "row" }, test, turn, remove));
  return row;
}

const clock = (minutes) =>
  minutes === undefined ? "" : `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

function field(shown, words, properties) {
  const node = make("input", properties);
  node.setAttribute("aria-label", `${shown.title}: ${words}`);
  return node;
}

function ruleRow(shown) {
  const { rule, bounds: [min, max] } = shown;
  const severity = make("select", { name: "severity" },
    new Option("warning", "warn", false, rule.severity === "warn"), new Option("error", "error", false, rule.severity === "error"));
  severity.setAttribute("aria-label", `${shown.title}: severity`);
  const numeric = (name, words, least, most) =>
    field(shown, words, { type: "number", name, value: rule[name], min: least, max: most, required: true });
  const threshold = shown.unit === "flag" ? "at once" : numeric("threshold", "threshold", min, max);
  const usual = shown.unit === "flag" ? "" : ` Usually from ${shown.default.threshold} ${UNITS[shown.unit]}.`;
  const row = make("tr");
  row.rule = rule;
  // On a phone each row is a card, and a cell has its column's name beside it.
  const cell = (label, ...children) => {
    const held = make("td", {}, ...children);
    held.dataset.label = label;
    return held;
  };
  row.append(
    cell("On", field(shown, "on", { type: "checkbox", name: "on", checked: rule.on })),
    make("td", { className: "about" }, make("strong", { textContent: shown.title }),
      make("p", { className: "soft", textContent: shown.about + usual })),
    cell("From", threshold, ` ${UNITS[shown.unit]}`),
    cell("For, s", numeric("holdS", "time to hold", 0, 3600)),
    cell("Cool-down, s", numeric("coolDownS", "cool-down", 0, 86400)),
    cell("Severity", severity),
    cell("Quiet from", field(shown, "quiet from", { type: "time", name: "from", value: clock(rule.quiet?.from) })),
    cell("Quiet to", field(shown, "quiet to", { type: "time", name: "to", value: clock(rule.quiet?.to) })),
  );
  return row;
}

function ruleOf(row) {
  const value = (name) => one(`[name=${name}]`, row);
  const minutes = (name) => {
    const [hours, rest] = value(name).value.split(":");
    return rest === undefined ? undefined : Number(hours) * 60 + Number(rest);
  };
  const [from, to] = [minutes("from"), minutes("to")];
  const rule = { ...row.rule, on: value("on").checked, severity: value("severity").value };
  for (const name of ["threshold", "holdS", "coolDownS"]) if (value(name)) rule[name] = Number(value(name).value);
  delete rule.quiet;
  if (from !== undefined && to !== undefined) rule.quiet = { from, to };
  return rule;
}

function show({ rules, channels, incidents }, withRules) {
  one("[data-all]").hidden = false;
  const all = [...incidents, ...older.filter(({ id }) => incidents.every((known) => known.id !== id))];
  one("[data-calm]").hidden = all.length > 0;
  const open = incidents.filter(({ until }) => until === null).length;
  one("[data-state]").textContent = open === 0 ? "all is well" : `${count(open, "incident")} open`;
  if (older.length === 0) one("[data-older]").hidden = incidents.length < 50;
  // A button that somebody is about to press stays where it is.
  if (!one("[data-incidents]").contains(document.activeElement)) one("[data-incidents]").replaceChildren(...all.map(incidentRow));
  if (!one("[data-channels]").contains(document.activeElement)) one("[data-channels]").replaceChildren(...channels.map(channelRow));
  if (withRules) one(".rules tbody").replaceChildren(...rules.map(ruleRow));
}

async function refresh(withRules = false) {
  document.activeElement?.closest("[data-incidents], [data-channels]") && document.activeElement.blur();
  show(await ask("GET", ""), withRules);
}

one("[data-older]").addEventListener("click", async ({ target }) => {
  const last = one("[data-incidents]").lastElementChild?.id;
  const more = await ask("GET", `/incidents?before=${last}&limit=50`);
  older.push(...more);
  target.hidden = more.length < 50;
  one("[data-incidents]").append(...more.map(incidentRow));
});

const events = one("[data-events]");
for (const [place, names] of [["sources", SOURCES], ["severities", SEVERITIES]]) {
  const ticks = Object.entries(names).map(([value, words]) =>
    make("label", { className: "tick" }, make("input", { type: "checkbox", name: place, value }), ` ${words}`));
  one(`[data-${place}]`).append(...ticks);
}
const offerEvents = () => {
  events.hidden = one("[data-add] [name=kind]").value !== "webhook";
};
one("[data-add]").addEventListener("change", offerEvents);
one("[data-add]").addEventListener("reset", () => setTimeout(offerEvents));

/** Servers to choose from; without them a webhook is sent the events of all. */
async function nameServers() {
  const answer = await fetch("/api/guilds").catch(() => null);
  for (const { id, name } of answer?.ok ? await answer.json() : []) servers.set(id, name || id);
  one("[name=guildId]").append(...[...servers].map(([value, textContent]) => make("option", { value, textContent })));
}

/** What the form asks for: a channel, and for a webhook perhaps a subscription. */
function newChannel(form) {
  const data = new FormData(form);
  const [kind, name, url, severity] = ["kind", "name", "url", "severity"].map((field) => data.get(field));
  if (kind !== "webhook") return { kind, name, url, severity };
  const incidents = data.has("incidents");
  if (!data.has("withEvents")) return { kind, name, url, severity, incidents };
  const chosen = { sources: data.getAll("sources"), severities: data.getAll("severities"), guildId: data.get("guildId") };
  return { kind, name, url, severity, incidents, events: Object.fromEntries(Object.entries(chosen).filter(([, value]) => value.length > 0)) };
}

one("[data-add]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const [form, trouble, secret] = [event.target, one("[data-add-trouble]"), one("[data-secret]")];
  trouble.textContent = "";
  secret.hidden = true;
  try {
    const added = await ask("POST", "/channels", newChannel(form));
    secret.hidden = added.secret === null;
    one("code", secret).textContent = added.secret ?? "";
    form.reset();
    said.textContent = "Added. Test it now.";
    await refresh();
  } catch (error) {
    trouble.textContent = error.message;
  }
});

one("[data-rules]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const trouble = one("[data-rules-trouble]");
  trouble.textContent = "";
  try {
    const rules = [...event.target.querySelectorAll("tbody tr")].map(ruleOf);
    show(await ask("PUT", "/rules", { rules }), true);
    said.textContent = "The rules are saved, and hold from now on.";
  } catch (error) {
    trouble.textContent = error.message;
  }
});

async function begin() {
  try {
    await nameServers();
    await refresh(true);
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  } catch (error) {
    said.textContent = error.status === 403 ? "Alerts are for administrators of the deployment." : error.message;
    if (error.status === 401) said.replaceChildren("You are signed out. ", make("a", { href: "/login?next=/alerts", textContent: "Sign in with Discord" }));
    if (error.status === 401 || error.status === 403) return;
  }
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const alerts = await ask("GET", "");
      show(alerts, one(".rules tbody").childElementCount === 0);
    } catch (error) {
      one("[data-state]").textContent = `not up to date: ${error.message}`;
    }
  }, EVERY_MS);
}

await begin();
