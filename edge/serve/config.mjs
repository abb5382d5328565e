// wrangler.toml as wrangler reads it. Wrangler takes 0.8 s to load, longer than everything else that a start does, and the
// tests start some hundred edges: what it made of a file is kept until the file or wrangler changes.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";

/** `{ name, main, vars, assets, workerOptions }` of a wrangler.toml below `root`. */
export async function read(root, file) {
  const path = resolve(root, file);
  const folder = join(root, "node_modules/.cache/pulse");
  const versions = readFileSync(join(root, "package-lock.json"));
  const hash = createHash("sha256").update(path).update(readFileSync(path)).update(versions).digest("hex");
  const kept = join(folder, `${hash}.json`);
  try {
    return JSON.parse(readFileSync(kept, "utf8"));
  } catch {
    // Not kept yet.
  }
  const made = await ask(path);
  const text = JSON.stringify(made);
  if (isDeepStrictEqual(JSON.parse(text), made)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${kept}.${process.pid}`, text);
    renameSync(`${kept}.${process.pid}`, kept); // whole or not at all: others may be starting
  }
  return made;
}

async function ask(path) {
  const { unstable_getMiniflareWorkerOptions, unstable_readConfig } = await import("wrangler");
  const config = unstable_readConfig({ config: path }, { hideWarnings: true });
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
  // Wrangler adds all of `.dev.vars`: the secrets in it are neither to be kept nor the Worker's to see.
  delete workerOptions.bindings;
  const { name, main, vars, assets } = config;
  return withoutUndefined({ name, main, vars, assets, workerOptions });
}

function withoutUndefined(value) {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (value === null || typeof value !== "object" || ![Object.prototype, null].includes(Object.getPrototypeOf(value))) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries.map(([key, each]) => [key, withoutUndefined(each)]));
}
