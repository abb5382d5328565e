// A copy of the sources that may be edited, with what has been compiled of them: only what is edited is compiled again in it.
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
  const tests = testPrograms();
  for (const folder of COMPILED) copyCompiled(join(root, folder), join(copy, folder), tests);
  return copy;
}

export function removeSources(copy) {
  rmSync(copy, { recursive: true, force: true });
}

/** The names under which cargo keeps what `dev` does not need: the tests, which are large. */
function testPrograms() {
  const told = execFileSync("cargo", ["metadata", "--no-deps", "--format-version", "1"], { cwd: root });
  const { packages } = JSON.parse(told);
  const targets = packages.flatMap(({ name, targets }) => targets.filter(({ kind }) => name === "tests" || kind.includes("test")));
  return new Set(targets.flatMap(({ name }) => [name, name.replaceAll("-", "_")]));
}

function copyCompiled(from, to, tests) {
  for (const part of [".fingerprint", "build", "deps"]) {
    mkdirSync(join(to, part), { recursive: true });
    for (const entry of readdirSync(join(from, part))) {
      const [, name] = entry.match(/^(?:lib)?(.+)-[0-9a-f]{16}/) ?? [];
      // rustc replaces libraries and programs, but writes on in the lists of what they were made from.
      const isReplaced = part === "deps" && !entry.endsWith(".d");
      if (name && !tests.has(name)) copyTree(join(from, part, entry), join(to, part, entry), isReplaced);
    }
  }
}

function copyTree(from, to, mayLink) {
  if (!mayLink) {
    cpSync(from, to, { recursive: true, preserveTimestamps: true });
    return;
  }
  try {
    linkSync(from, to);
  } catch (error) {
    if (error.code === "ENOENT") return; // a compiler that runs meanwhile has replaced it
    cpSync(from, to, { preserveTimestamps: true }); // another file system
  }
}
