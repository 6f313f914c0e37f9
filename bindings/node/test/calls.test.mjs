import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import test from "node:test";

import * as heptad from "../index.mjs";
import { Heptad, HeptadError, InvalidInputError, NotFoundError, PermissionDeniedError, UnavailableError, open } from "../index.mjs";
import { fresh } from "../support/folder.mjs";

const event = (data) => ({ specversion: "1.0", id: "1", source: "/test", type: "made", data });
const here = () => open({ environment: false });

function folder(files) {
  const made = fresh("node");
  for (const [name, text] of Object.entries(files)) writeFileSync(join(made, name), text);
  return made;
}

test("three lines find what is wrong with a file", async () => {
  const path = folder({ "a.py": "eval(x)\n" });
  const h = await here();
  const report = await h.review.scan({ path });
  assert.ok(report.findings.length > 0);
  assert.equal(typeof report.findings[0].message, "string");
});

test("what is kept in a file is there when it is opened again", async () => {
  const path = join(folder({}), "acme.db");
  const first = await open(path, { environment: false });
  await first.events.publish({ topic: "orders", events: [event({ n: 1 })] });
  await first.close();
  const again = await open({ path, environment: false });
  assert.equal((await again.events.topics()).topics.length, 1);
  await again.close();
});

test("CommonJS and ESM are one package", () => {
  const common = createRequire(import.meta.url)("../index.js");
  assert.deepEqual(Object.keys(common).sort(), Object.keys(heptad).sort());
  for (const name of Object.keys(common)) assert.equal(common[name], heptad[name]);
});

test("an error is of its class and says what was wrong", async () => {
  const h = await here();
  const failed = await h.search.query({ collection: "nowhere", query: "x" }).then(() => assert.fail(), (error) => error);
  assert.ok(failed instanceof NotFoundError && failed instanceof HeptadError && failed instanceof Error);
  assert.equal(failed.code, "not_found");
  assert.equal(failed.name, "NotFoundError");
  assert.equal(failed.operation, "search.query");
  assert.match(failed.message, /nowhere/);
  assert.match(failed.stack, /NotFoundError/);
  assert.equal(failed.retryAfter, undefined);
  await assert.rejects(h.call("events.no_such_thing"), (error) => error instanceof HeptadError);
  await assert.rejects(h.search.query({ collection: 1 }), InvalidInputError);
  await assert.rejects(h.call("events.tail", { topic: "t" }), InvalidInputError);
});

test("somebody else may do what they are allowed", async () => {
  const h = await here();
  const ada = await h.asPrincipal("ada", ["events.*"]);
  assert.ok(ada instanceof Heptad);
  await ada.events.topics();
  await assert.rejects(ada.platform.config(), PermissionDeniedError);
  assert.equal((await ada.call("auth.whoami").catch((error) => error)).code, "permission_denied");
  await assert.rejects(h.authenticate("no key"), (error) => error.code === "unauthenticated");
});

test("a closed platform says so", async () => {
  const h = await here();
  await h.close();
  await h.close();
  await assert.rejects(h.platform.health(), UnavailableError);
});

test("integers of 64 bits are exact both ways", async () => {
  const h = await here();
  const data = {
    safe: Number.MAX_SAFE_INTEGER,
    above: 9007199254740993n,
    most: 18446744073709551615n,
    least: -9223372036854775808n,
    list: [1, [9007199254740993n], { deep: 9007199254740993n }],
    text: "9007199254740993",
    small: 7n,
    ["__proto__"]: 1,
  };
  await h.events.publish({ topic: "t", events: [event(data)] });
  const { events } = await h.events.read({ topic: "t" });
  assert.deepEqual(events[0].event.data, { ...data, small: 7 });
});

test("numbers that JSON cannot say are refused, and told where", async () => {
  const h = await here();
  const asked = h.search.query({ collection: "docs", query: "x", filters: [1, { at: NaN }] });
  await assert.rejects(asked, (error) => error.code === "invalid_input" && /filters\.1\.at/.test(error.message));
});

test("dates and typed arrays are taken", async () => {
  const h = await here();
  const data = { at: new Date(0), vector: new Float32Array([1, 0.5]) };
  await h.events.publish({ topic: "t", events: [event(data)] });
  const { events } = await h.events.read({ topic: "t" });
  assert.deepEqual(events[0].event.data, { at: "1970-01-01T00:00:00.000Z", vector: [1, 0.5] });
});

test("text of every script is the same after the way there and back", async () => {
  const h = await here();
  const data = "Żółw 🐢 \u0000 \u2028 \uFFFF a\u0301 العربية";
  await h.events.publish({ topic: "t", events: [event(data)] });
  const { events } = await h.events.read({ topic: "t" });
  assert.equal(events[0].event.data, data);
});

test("ten thousand promises at once are all kept", async () => {
  const h = await here();
  const health = Array.from({ length: 10_000 }, (_, n) =>
    n % 2 ? h.platform.health() : h.events.publish({ topic: `t${n % 10}`, events: [event(n)] }),
  );
  const all = await Promise.all(health);
  assert.equal(all.length, 10_000);
  const { topics } = await h.events.topics();
  assert.equal(topics.length, 5);
});

test("the stack of an error shows who asked, also where the answer came later", async () => {
  const h = await here();
  async function asker() {
    await h.review.scan({ path: "/no/such/folder" });
  }
  const failed = await asker().then(() => assert.fail(), (error) => error);
  assert.ok(failed instanceof HeptadError);
  assert.match(failed.stack, /asker/);
});

test("a long request is read elsewhere, and its large integers are exact too", async () => {
  const h = await here();
  const data = { text: "x".repeat(1 << 20), id: 9007199254740993n };
  await h.events.publish({ topic: "t", events: [event(data)] });
  const { events } = await h.events.read({ topic: "t" });
  assert.deepEqual(events[0].event.data, data);
  const long = { topic: "x".repeat(1 << 20) };
  await assert.rejects(h.events.read(long), HeptadError);
});

test("many calls share a signal, without a warning and without a leak", async () => {
  const h = await here();
  const warned = [];
  process.on("warning", (warning) => warned.push(warning));
  const { signal } = new AbortController();
  for (let n = 0; n < 50; n++) await Promise.all(Array.from({ length: 50 }, () => h.events.topics({ signal })));
  assert.equal(getEventListeners(signal, "abort").length, 0);
  assert.deepEqual(warned, []);
});

test("memory does not grow with the number of calls", async () => {
  const h = await here();
  const rounds = async (count) => {
    for (let n = 0; n < count; n++) await Promise.all(Array.from({ length: 100 }, () => h.events.topics()));
  };
  await rounds(50);
  const before = process.memoryUsage().rss;
  await rounds(200);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 32 << 20, `${grown} bytes more after 20,000 calls`);
});

test("an aborted call is rejected with the reason", async () => {
  const h = await here();
  await assert.rejects(h.platform.health({ signal: AbortSignal.abort() }), { name: "AbortError" });
  const files = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`f${n}.py`, "eval(x)\n".repeat(200)]));
  const stop = new AbortController();
  const reason = new Error("enough");
  const scan = h.review.scan({ path: folder(files) }, { signal: stop.signal });
  setImmediate(() => stop.abort(reason));
  await assert.rejects(scan, (error) => error === reason);
  await h.platform.health({ signal: stop.signal }).then(() => assert.fail(), (error) => assert.equal(error, reason));
  assert.ok(await h.platform.health());
});

test("while an operation works the event loop turns", async () => {
  const h = await here();
  const files = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`f${n}.py`, "eval(x)\n".repeat(200)]));
  const path = folder(files);
  let longest = 0;
  let before = performance.now();
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - before);
    before = performance.now();
  }, 1);
  const begin = performance.now();
  await h.review.scan({ path });
  const took = performance.now() - begin;
  clearInterval(beat);
  assert.ok(longest < Math.max(100, took / 2), `${longest} of ${took} ms without a turn`);
});
