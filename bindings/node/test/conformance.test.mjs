// The cases of `bindings/conformance`, replayed: its README says what they mean.

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "node:test";

import { HeptadError, open } from "../index.mjs";

const CASES = fileURLToPath(new URL("../../conformance/", import.meta.url));
const PATIENCE = 60_000;

/** JSON whose large integers are `BigInt`s: Node 18 and 20 have no `context.source`. */
function exact(text) {
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    /^-?\d{16,}$/.test(token) ? JSON.stringify(`\u0000${token}`) : token,
  );
  const revive = (_, value) => (typeof value === "string" && value[0] === "\u0000" ? BigInt(value.slice(1)) : value);
  const small = (_, value) => (typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value);
  return JSON.parse(marked, (key, value) => small(key, revive(key, value)));
}

class Differs extends Error {}

const shown = (value) => {
  const text = JSON.stringify(value, (_, it) => (typeof it === "bigint" ? `${it}n` : it)) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text;
};

const braced = (text) => (typeof text === "string" && /^\{[^]*\}$/.test(text) ? text.slice(1, -1) : undefined);

function within(text, names) {
  for (const [name, value] of names) text = text.replaceAll(`{${name}}`, typeof value === "string" ? value : shown(value));
  return text;
}

function filled(value, names) {
  if (typeof value === "string") {
    const inner = braced(value);
    if (inner !== undefined) {
      if (names.has(inner)) return names.get(inner);
      const repeat = /^repeat:([^]*):(\d+)$/.exec(inner);
      if (repeat) return repeat[1].repeat(Number(repeat[2]));
      const nested = /^nested:(\d+)$/.exec(inner);
      if (nested) return Array.from({ length: Number(nested[1]) - 1 }).reduce((list) => [list], []);
    }
    return within(value, names);
  }
  if (Array.isArray(value)) return value.map((item) => filled(item, names));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, filled(field, names)]));
  }
  return value;
}

const isTime = (value) =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value));

function placeholder(text, found, names) {
  const inner = braced(text);
  if (inner === undefined) return undefined;
  if (inner.startsWith("save:")) {
    names.set(inner.slice(5), found);
    return true;
  }
  switch (inner) {
    case "any":
      return true;
    case "string":
      return typeof found === "string";
    case "integer":
      return typeof found === "bigint" || Number.isInteger(found);
    case "number":
      return typeof found === "bigint" || typeof found === "number";
    case "time":
      return isTime(found);
  }
  return undefined;
}

const isNumber = (value) => typeof value === "number" || typeof value === "bigint";
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** A line for each difference. `==` compares a number and a `BigInt` by their value. */
function between(place, wanted, found, names) {
  const fits = placeholder(wanted, found, names);
  const differs = [`${place} is ${shown(found)}, not ${shown(wanted)}`];
  if (fits !== undefined) return fits ? [] : differs;
  if (isObject(wanted) && isObject(found)) {
    const missing = Object.keys(wanted).filter((name) => !Object.hasOwn(found, name));
    const lines = missing.map((name) => `${place}.${name} is missing`);
    for (const [name, value] of Object.entries(found)) {
      const at = `${place}.${name}`;
      if (Object.hasOwn(wanted, name)) lines.push(...between(at, wanted[name], value, names));
      else lines.push(`${at} is too much: ${shown(value)}`);
    }
    return lines;
  }
  if (Array.isArray(wanted) && Array.isArray(found)) {
    if (wanted.length !== found.length) return [`${place} has ${found.length} items, not ${wanted.length}: ${shown(found)}`];
    return wanted.flatMap((item, at) => between(`${place}[${at}]`, item, found[at], names));
  }
  if (isNumber(wanted) && isNumber(found)) return wanted == found ? [] : differs;
  return wanted === found ? [] : differs;
}

function compare(place, wanted, found, names) {
  const lines = between(place, filled(wanted, names), found, names);
  if (lines.length > 0) throw new Differs(lines.join("\n  "));
}

function refused(error, wanted, names) {
  if (!(error instanceof HeptadError)) throw error;
  const message = within(wanted.message ?? "", names);
  if (error.code === wanted.kind && error.message.includes(message)) return;
  throw new Differs(`it fails with \`${error.code}\`: ${error.message}\n  where \`${wanted.kind}\` was to come, with “${message}”`);
}

function soon(promise, what) {
  let late;
  const limit = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Differs(`${what} does not come`)), PATIENCE);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(late));
}

async function seenBy(platform, as, names) {
  if (as === undefined) return platform;
  if (as.credential !== undefined) return platform.authenticate(within(as.credential, names));
  return platform.asPrincipal(as.id, as.allow);
}

async function stream(items, wanted, error, then, names) {
  for (const [at, item] of wanted.entries()) {
    const { value, done } = await soon(items.next(), "the next item");
    if (done) throw new Differs(`it ends behind ${at} items; the next is ${shown(item)}`);
    compare(`items[${at}]`, item, value, names);
  }
  if (then === "cancel") return void items.close();
  let end;
  try {
    end = await soon(items.next(), "the end");
  } catch (failed) {
    if (error === undefined) throw failed;
    refused(failed, error, names);
    end = await soon(items.next(), "the end");
    if (!end.done) throw new Differs("something comes behind the error");
    return;
  }
  if (!end.done) throw new Differs(`an item too much comes: ${shown(end.value)}`);
  if (error !== undefined) throw new Differs(`it ends without the error \`${error.kind}\``);
}

/** The method of an operation, as people call it: `events.dead_letters` is `h.events.deadLetters`. */
function method(platform, call) {
  const [system, name] = call.split(".").map((part) => part.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()));
  return platform[system]?.[name]?.bind(platform[system]);
}

async function step(platform, { call, request, result, items, error, then, as }, names, operations) {
  let seen;
  try {
    seen = await seenBy(platform, as, names);
  } catch (failed) {
    if (error === undefined) throw failed;
    return refused(failed, error, names);
  }
  const { effect, takes } = operations.get(call) ?? {};
  const asked = filled(request, names);
  const typed = takes || asked === undefined || Object.keys(asked).length === 0 ? method(seen, call) : undefined;
  if (effect === "streams") {
    const given = typed ? typed(...(takes ? [asked] : [])) : seen.stream(call, asked);
    return stream(given, items ?? [], error, then, names);
  }
  const given = typed ? typed(...(takes ? [asked] : [])) : seen.call(call, asked);
  let found;
  try {
    found = await soon(given, "the result");
  } catch (failed) {
    if (error === undefined) throw failed;
    return refused(failed, error, names);
  }
  if (error !== undefined) throw new Differs(`it gives ${shown(found)}, not the error \`${error.kind}\``);
  compare("result", result, found, names);
}

async function replay({ files = {}, steps }, operations) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "heptad-case-")));
  const platform = await open({ environment: false });
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const names = new Map([["folder", folder.replaceAll("\\", "/")]]);
    for (const [at, one] of steps.entries()) {
      try {
        await step(platform, one, names, operations);
      } catch (error) {
        throw new Error(`step ${at + 1} (${one.call}):\n  ${error.code ? `it fails with \`${error.code}\`: ` : ""}${error.message}`);
      }
    }
  } finally {
    await platform.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const registry = JSON.parse(readFileSync(join(CASES, "..", "operations.json"), "utf8"));
const operations = new Map(registry.map(({ name, effect, request }) => [name, { effect, takes: request.title !== "Empty" }]));
const there = new Set(
  await open({ environment: false }).then((h) => h.platform.operations()).then(({ operations }) => operations.map(({ name }) => name)),
);

for (const file of readdirSync(CASES).filter((name) => name.endsWith(".json")).sort()) {
  test(`the cases of ${file}`, async (t) => {
    const { cases } = exact(readFileSync(join(CASES, file), "utf8"));
    const failed = [];
    let [passed, lacking] = [0, []];
    for (const one of cases) {
      const missing = one.steps.map(({ call }) => call).find((call) => operations.has(call) && !there.has(call));
      if (missing !== undefined) {
        lacking.push(`${one.name} (${missing})`);
        continue;
      }
      await replay(one, operations).then(
        () => (passed += 1),
        (error) => failed.push(`${one.name}, ${error.message}`),
      );
    }
    t.diagnostic(`${passed} of ${cases.length} cases passed, ${failed.length} failed, ${lacking.length} not run`);
    if (lacking.length > 0) t.diagnostic(`not run, the build lacks: ${lacking.join(", ")}`);
    if (failed.length > 0) throw new Error(`${failed.length} of ${cases.length} cases differ:\n${failed.join("\n")}`);
  });
}
