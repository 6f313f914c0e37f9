import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "node:test";

import * as heptad from "../index.mjs";
import { fresh } from "../support/folder.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
const read = (name) => readFileSync(join(here, name), "utf8");
const registry = JSON.parse(read("../operations.json"));
const { errors } = JSON.parse(read("../errors.json"));
const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const pascal = (name) => camel(`_${name}`);

test("every operation is a method, declared and at run time, and nothing else is", async () => {
  const h = await heptad.open({ environment: false });
  const declared = read("index.d.ts");
  const wanted = {};
  for (const { name } of registry) {
    const [system, operation] = name.split(".");
    (wanted[system] ??= []).push(camel(operation));
  }
  for (const [system, methods] of Object.entries(wanted)) {
    const handle = h[camel(system)];
    const found = Object.getOwnPropertyNames(Object.getPrototypeOf(handle)).filter((name) => name !== "constructor");
    assert.deepEqual(found.sort(), [...methods].sort());
    const body = new RegExp(`\\nexport interface ${pascal(system)} \\{\\n([^]*?)\\n\\}\\n`).exec(declared)[1];
    const stated = [...body.matchAll(/^  (\w+)\(/gm)].map(([, name]) => name);
    assert.deepEqual(stated.sort(), [...methods].sort());
  }
});

test("every kind of error has its class, declared and at run time", () => {
  for (const { kind } of errors) {
    const name = `${pascal(kind)}Error`;
    const error = new heptad[name]("why");
    assert.ok(error instanceof heptad.HeptadError);
    assert.equal(error.code, kind);
    assert.match(read("index.d.ts"), new RegExp(`export class ${name} extends HeptadError \\{\\n  readonly code: "${kind}";`));
  }
});

test("every package has the version of the workspace", () => {
  const version = /\[workspace\.package\]\nversion = "([^"]+)"/.exec(read("../../Cargo.toml"))[1];
  const main = JSON.parse(read("package.json"));
  assert.equal(main.version, version);
  assert.deepEqual(Object.keys(main.optionalDependencies).sort(), readdirSync(join(here, "npm")).map((name) => `heptad-${name}`).sort());
  for (const [name, wanted] of Object.entries(main.optionalDependencies)) {
    const platform = JSON.parse(read(`npm/${name.slice("heptad-".length)}/package.json`));
    assert.deepEqual([wanted, platform.name, platform.version], [version, name, version]);
  }
});

/** The compiler, where `npm install` was run. */
function compiler() {
  try {
    return createRequire(join(here, "package.json")).resolve("typescript/bin/tsc");
  } catch {
    return undefined;
  }
}

const NODE = ["--types", "node", "--typeRoots", join(here, "node_modules", "@types")];

/** What `tsc --strict` says of a module that uses the package. */
function compiled(name, text, options = NODE) {
  const folder = fresh("types");
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(here, join(folder, "node_modules", "heptad"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(folder, name), text);
  const flags = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--module", "nodenext", "--target", "es2022"];
  const ended = spawnSync(process.execPath, [compiler(), ...flags, ...options, name], { cwd: folder, encoding: "utf8" });
  return ended.stdout.trim();
}

const skip = compiler() === undefined && "TypeScript is not installed: run `npm install`";

const USE = `
import { open, HeptadError, NotFoundError, type Integer, type Finding, type ErrorCode } from "heptad";

const h = await open("acme.db", { environment: false, settings: { "log.level": "warn" } });
const report = await h.review.scan({ path: "src" }, { signal: AbortSignal.timeout(1000) });
for (const finding of report.findings ?? []) { const message: string = finding.message; const it: Finding = finding; void [message, it]; }
await h.events.publish({ topic: "orders", events: [{ specversion: "1.0", id: "1", source: "/shop", type: "placed", data: { id: 9007199254740993n } }] });
await h.events.trim({ topic: "orders", max_events: 10n });
for await (const placed of h.events.tail({ topic: "orders" })) { const offset: Integer = placed.offset; void offset; break; }
const topics = await h.events.topics({ signal: new AbortController().signal });
void topics.topics;
try { await h.events.deadLetters({ topic: "orders", group: "g" }); } catch (error) {
  if (error instanceof NotFoundError) { const code: "not_found" = error.code; void code; }
  else if (error instanceof HeptadError) { const code: ErrorCode = error.code; const after: number | undefined = error.retryAfter; void [code, after]; }
}
const ada = await (await h.asPrincipal("ada", ["search.*"])).authenticate("key");
for await (const delta of ada.llm.chat({ prompt: "hello" })) {
  void delta;
}
await h.close();
`;

test("the package is typed for ESM", { skip }, () => assert.equal(compiled("use.ts", USE), ""));

test("what the README shows is typed", { skip }, () => {
  const shown = [...read("README.md").matchAll(/```ts\n([^]*?)```/g)].map(([, text]) => text).join("\n");
  assert.equal(compiled("readme.ts", `declare function done(it: unknown): boolean;\n${shown}`), "");
});

test("the package is typed for CommonJS, and without the types of Node or the browser", { skip }, () => {
  const use = `import heptad = require("heptad");\nasync function main() { const h = await heptad.open(); return (await h.platform.health()).failed; }\nvoid main;\n`;
  assert.equal(compiled("use.cts", use), "");
  const bare = `import { open } from "heptad";\nexport const health = open().then((h) => h.platform.health());\n`;
  assert.equal(compiled("bare.ts", bare, ["--lib", "es2022"]), "");
});

test("each operation can be called as it is declared", { skip }, () => {
  const uses = registry.map(({ name, effect }) => {
    const path = `h.${camel(name)}`;
    const given = effect === "streams" ? "AsyncIterable<unknown>" : "Promise<object>";
    return `export const ${name.replace(".", "_")}: (...given: Parameters<typeof ${path}>) => ${given} = (...given) => ${path}(...given);`;
  });
  assert.equal(compiled("all.ts", `import type { Heptad } from "heptad";\ndeclare const h: Heptad;\n${uses.join("\n")}\n`), "");
});

const WRONG = {
  "a request that lacks what must be given": "await h.review.scan({})",
  "a field that there is not": 'await h.review.scan({ path: "src", pathh: 1 })',
  "a field of another type": "await h.events.trim({ topic: 1 })",
  "a text that is none to choose": 'await h.review.latest({ path: "a", format: "no such" })',
  "an operation that there is not": "await h.review.scam({})",
  "awaiting what streams as one result": 'const { offset } = await h.events.tail({ topic: "t" })',
  "changing what was given": '(await h.review.scan({ path: "a" })).findings = []',
  "taking an integer for a number": 'for await (const it of h.events.tail({ topic: "t" })) { const n: number = it.offset; }',
  "making a platform without opening it": "new Heptad()",
};

test("wrong calls are refused by the compiler", { skip }, () => {
  const calls = Object.entries(WRONG);
  const text = calls.map(([why, call]) => `// ${why}\n// @ts-expect-error\n{ ${call} }`).join("\n");
  // `@ts-expect-error` is itself an error where the line below is fine.
  assert.equal(compiled("wrong.ts", `import { open, Heptad } from "heptad";\nconst h = await open();\n${text}\n`), "");
});

/** The tarball of a package, and the files in it. */
function packed(folder, to) {
  const [{ filename, files }] = JSON.parse(execFileSync("npm", ["pack", "--json", "--pack-destination", to], { cwd: folder, encoding: "utf8" }));
  return { tarball: join(to, filename), files: files.map(({ path }) => path) };
}

test("the tarballs work in an empty project", { skip: process.platform !== "linux" && "it packs for Linux" }, () => {
  const folder = fresh("pack");
  const main = packed(here, folder);
  for (const needed of ["index.js", "index.mjs", "index.d.ts", "index.d.mts", "README.md", "LICENSE-MIT", "LICENSE-APACHE"]) {
    assert.ok(main.files.includes(needed), `${needed} is not in the tarball: ${main.files}`);
  }
  assert.ok(!main.files.some((name) => /test|\.rs$|\.node$|Cargo/.test(name)), `${main.files}`);

  const platform = `linux-${process.arch}-gnu`;
  const addon = join(folder, "platform");
  cpSync(join(here, "npm", platform), addon, { recursive: true });
  copyFileSync(join(here, "heptad.node"), join(addon, `heptad.${platform}.node`));
  const native = packed(addon, folder);

  const project = join(folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "empty", private: true }));
  const install = ["install", "--offline", "--no-audit", "--no-fund", "--omit=optional", main.tarball, native.tarball];
  execFileSync("npm", install, { cwd: project });
  const esm = 'import { open } from "heptad"; const h = await open(); console.log(typeof (await h.platform.health()).failed);';
  const common = 'const { open } = require("heptad"); open().then((h) => h.platform.health()).then((health) => console.log(typeof health.failed));';
  for (const [type, script] of [["module", esm], ["commonjs", common]]) {
    const said = execFileSync(process.execPath, [`--input-type=${type}`, "-e", script], { cwd: project, encoding: "utf8" });
    assert.equal(said.trim(), "boolean");
  }
});
