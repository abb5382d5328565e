// The JavaScript modules that stand before the built Worker when it runs here and not at Cloudflare.

/**
 * By the rules of wrangler.toml Cloudflare asks the Worker first, or looks for a file before that. Miniflare does it with
 * five Workers before ours, which together take as long as ours does; this does it with one line. With `build`, the number
 * of a build of `dev`, pages learn of later ones.
 */
export function front(inner, rules, build) {
  return `
  import Worker from "./${inner}";
  export * from "./${inner}";
  export default Worker;
  const rules = ${JSON.stringify(rules)};
  const build = ${JSON.stringify(build ?? null)};
  const matches = (path) => (rule) => (rule.endsWith("*") ? path.startsWith(rule.slice(0, -1)) : path === rule);
  export class Front extends Worker {
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (build !== null && pathname.startsWith("/dev/")) return this.env.DEV.fetch(request);
      if (rules.some(matches(pathname))) return this.#told(await super.fetch(request));
      const file = await this.env.ASSETS.fetch(request.clone());
      return file.status === 404 ? super.fetch(request) : file;
    }
    async #told(answer) {
      if (build === null || !answer.headers.get("Content-Type")?.startsWith("text/html")) return answer;
      const html = await answer.text();
      const script = \`<script src="/dev/page.js" data-build="\${build}" defer></script></head>\`;
      return new Response(html.replace("</head>", () => script), answer);
    }
  }`;
}

/**
 * The built Worker, and faults that tests switch on and off: a room that answers nothing, a trap in a server's books, a plan
 * that is out of rows or of requests, and statements that damage an object's database, or mend it.
 */
export function faulty() {
  return `
  import trapping from "./trap.wasm";
  export * from "./index.js";
  export { default } from "./index.js";
  import { Guild as Books, Room as Real } from "./index.js";
  /** What the plan is out of, if anything: "rows" or "requests". */
  let limit = "";
  const out = (of) => new Error("Exceeded allowed " + of + " in Durable Objects free tier.");
  /** From now on the storage takes no rows where the plan is out of them; whatever is read is read. */
  function guard({ ctx: { storage } }) {
    const sql = Object.getPrototypeOf(storage.sql);
    if (sql.exec.guarded) return;
    const { exec } = sql;
    sql.exec = function (statement, ...given) {
      const writes = /^\\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP)/i.test(statement);
      if (limit === "rows" && writes) throw out("rows written");
      return exec.call(this, statement, ...given);
    };
    sql.exec.guarded = true;
    const alarms = Object.getPrototypeOf(storage);
    const { setAlarm } = alarms;
    alarms.setAlarm = async function (...given) {
      if (limit === "rows") throw out("rows written");
      return setAlarm.apply(this, given);
    };
  }
  async function ask(object, className) {
    const answer = await object.env.FAULTS.fetch("https://faults/" + className);
    limit = answer.headers.get("X-Limit") ?? "";
    guard(object);
    return answer.text();
  }
  /** The fault that is ordered; a statement runs at once. */
  async function ordered(object, className) {
    const fault = await ask(object, className);
    if (fault.startsWith("sql ")) object.ctx.storage.sql.exec(fault.slice(4));
    return fault;
  }
  async function refuse(room) {
    if ((await ordered(room, "Room")) === "stopped") throw new Error("the room is stopped");
  }
  const { trap } = new WebAssembly.Instance(trapping).exports;
  export class Guild extends Books {
    async fetch(request) {
      await ask(this, "Books"); // It is counted, and no fault is meant for it.
      return super.fetch(request);
    }
    async answer(question) {
      const fault = await ordered(this, "Guild");
      if (limit === "requests") throw out("volume of requests");
      if (fault !== "trap") return super.answer(question);
      // At the first statement: the wasm is left in the middle of a call, and of a transaction.
      const sql = Object.getPrototypeOf(this.ctx.storage.sql);
      const { exec } = sql;
      sql.exec = () => trap();
      try {
        return super.answer(question);
      } finally {
        sql.exec = exec;
      }
    }
  }
  export class Room extends Real {
    async fetch(request) {
      await refuse(this);
      return super.fetch(request);
    }
    async push(push) {
      await refuse(this);
      return super.push(push);
    }
  }`;
}

/** A module whose one function, \`trap\`, is the instruction \`unreachable\`, as a Rust panic ends in one. */
export const TRAP = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, // the magic number and the version
  1, 4, 1, 96, 0, 0, // one type: no parameters, no results
  3, 2, 1, 0, // one function, of that type
  7, 8, 1, 4, 116, 114, 97, 112, 0, 0, // exported as "trap"
  10, 5, 1, 3, 0, 0, 11, // its code: no locals, unreachable, end
]);
