// Lighthouse looks at the signed-in page before the real edge:
//
//   npm install --no-save lighthouse@12
//   PULSE_CHROMIUM=/usr/bin/chromium node_modules/.bin/node tests/browser/lighthouse.mjs
//
// It goes through a proxy that compresses as Cloudflare does, which workerd does not. Prints a line a preset.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import { Stack } from "./stack.mjs";

const EVENTS = 30;
const CATEGORIES = ["performance", "accessibility", "best-practices"];
const AUDITS = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"];

/** A proxy before the edge that compresses every answer; sockets go through as they are. */
async function compressing(url) {
  const edge = new URL(url);
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
  const proxy = createServer(async ({ url: path, headers: { cookie = "" } }, response) => {
    const answer = await fetch(url + path, { headers: { cookie } });
    const body = brotliCompressSync(Buffer.from(await answer.arrayBuffer()), brotli);
    const headers = { ...Object.fromEntries(answer.headers), "content-encoding": "br", "content-length": body.length };
    response.writeHead(answer.status, headers).end(body);
  });
  proxy.on("upgrade", ({ url: path, headers }, client) => {
    const own = { ...headers, host: edge.host, origin: url };
    const lines = Object.entries(own).map(([name, value]) => `${name}: ${value}`);
    const server = connect(Number(edge.port), edge.hostname, () => {
      server.write(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      server.pipe(client).pipe(server);
    });
    server.on("error", () => client.destroy());
    client.on("error", () => server.destroy());
  });
  await new Promise((listening) => proxy.listen(0, "127.0.0.1", listening));
  return proxy;
}

const stack = await Stack.start();
const page = await stack.signedInPage();
await page.locator("[data-pill]", { hasText: "Live" }).waitFor();
for (let player = 0; player < EVENTS; player++) {
  const userId = String(700000000000000000n + BigInt(player));
  await stack.command("daily", { guildId: "812345678901234567", userId, userName: `Player ${player}` });
}
const [cookie] = await page.context().cookies();
await page.close();

const proxy = await compressing(stack.url);
const folder = mkdtempSync(join(tmpdir(), "pulse-lighthouse-"));
for (const preset of ["desktop", "phone"]) {
  const report = join(folder, `${preset}.json`);
  const arguments_ = [
    "node_modules/lighthouse/cli/index.js",
    `http://127.0.0.1:${proxy.address().port}/`,
    "--quiet",
    "--output=json",
    `--output-path=${report}`,
    "--chrome-flags=--headless=new --no-sandbox",
    `--extra-headers=${JSON.stringify({ Cookie: `${cookie.name}=${cookie.value}` })}`,
    `--only-categories=${CATEGORIES}`,
    ...(preset === "desktop" ? ["--preset=desktop"] : []),
  ];
  await promisify(execFile)(process.execPath, arguments_, {
    env: { ...process.env, CHROME_PATH: process.env.PULSE_CHROMIUM },
  });
  const { categories, audits } = JSON.parse(readFileSync(report, "utf8"));
  const scores = CATEGORIES.map((name) => `${name} ${Math.round(categories[name].score * 100)}`);
  const times = AUDITS.map((name) => `${name} ${audits[name].displayValue}`);
  console.log([preset, ...scores, ...times].join("  "));
}
proxy.close();
await stack.stop();
process.exit(0);
