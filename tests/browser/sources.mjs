// A copy of the sources that may be edited, with what has been compiled of the packages they use: only Pulse itself is
// compiled again in it.
import { execFileSync } from "node:child_process";
import { cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const COMPILED = ["target/debug", "target/wasm32-unknown-unknown/debug"];

/** The folder of a new copy. */
export function copySources() {
  const home = join(root, "target/state/tests");
  mkdirSync(home, { recursive: true });
  const copy = mkdtempSync(join(home, "sources-"));
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: root });
  for (const file of listed.toString().split("\0").filter(Boolean)) {
    cpSync(join(root, file), join(copy, file), { preserveTimestamps: true, force: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const own = ownPackages();
  for (const folder of COMPILED) copyCompiled(join(root, folder), join(copy, folder), own);
  return copy;
}

export function removeSources(copy) {
  rmSync(copy, { recursive: true, force: true });
}

/** The names of the workspace's packages, as cargo writes them in files. */
function ownPackages() {
  const told = execFileSync("cargo", ["metadata", "--no-deps", "--format-version", "1"], { cwd: root });
  const names = JSON.parse(told).packages.flatMap(({ name, targets }) => [name, ...targets.map((target) => target.name)]);
  return new Set(names.flatMap((name) => [name, name.replaceAll("-", "_")]));
}

function copyCompiled(from, to, own) {
  for (const part of [".fingerprint", "build", "deps"]) {
    mkdirSync(join(to, part), { recursive: true });
    for (const entry of readdirSync(join(from, part))) {
      const [, name] = entry.match(/^(?:lib)?(.+)-[0-9a-f]{16}/) ?? [];
      // Programs with tests are in `deps`, too, without an ending.
      if (name && !own.has(name)) copyTree(join(from, part, entry), join(to, part, entry), part === "deps");
    }
  }
}

/** Files that cargo never writes again may be the very same ones. */
function copyTree(from, to, mayLink) {
  if (!mayLink) {
    cpSync(from, to, { recursive: true, preserveTimestamps: true });
    return;
  }
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to, { preserveTimestamps: true }); // another file system
  }
}
