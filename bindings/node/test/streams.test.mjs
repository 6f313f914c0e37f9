import assert from "node:assert/strict";
import test from "node:test";

import { HeptadError, Stream, open } from "../index.mjs";

const event = (n) => ({ specversion: "1.0", id: `${n}`, source: "/test", type: "counted", data: { n } });

/** A platform whose topic `t` has `count` events. */
async function counted(count) {
  const h = await open({ environment: false });
  for (let n = 0; n < count; n += 500) {
    const events = Array.from({ length: Math.min(500, count - n) }, (_, i) => event(n + i));
    await h.events.publish({ topic: "t", events });
  }
  return h;
}

test("items come in order, and leaving the loop ends the operation", async () => {
  const h = await counted(3000);
  const stream = h.events.tail({ topic: "t", after: 0 });
  assert.ok(stream instanceof Stream);
  let n = 0;
  for await (const item of stream) {
    assert.equal(item.event.data.n, n);
    if (++n === 3000) break;
  }
  assert.deepEqual(await stream.next(), { value: undefined, done: true });
});

test("an item that is published while it is waited for comes", async () => {
  const h = await counted(1);
  const stream = h.events.tail({ topic: "t", after: 1 });
  const next = stream.next();
  await h.events.publish({ topic: "t", events: [event("later")] });
  assert.equal((await next).value.event.data.n, "later");
  stream.close();
});

test("whoever asks several times at once is answered in order", async () => {
  const h = await counted(50);
  const stream = h.events.tail({ topic: "t", after: 0 });
  const items = await Promise.all(Array.from({ length: 50 }, () => stream.next()));
  assert.deepEqual(items.map(({ value }) => value.event.data.n), Array.from({ length: 50 }, (_, n) => n));
  await stream.return();
});

test("a stream that is closed while it is waited for ends", async () => {
  const h = await counted(1);
  const stream = h.events.tail({ topic: "t", after: 1 });
  const next = stream.next();
  setImmediate(() => stream.return());
  assert.deepEqual(await next, { value: undefined, done: true });
});

test("an aborted stream is rejected with the reason", async () => {
  const h = await counted(1);
  const stop = new AbortController();
  const stream = h.events.tail({ topic: "t", after: 1 }, { signal: stop.signal });
  const next = stream.next();
  const reason = new Error("enough");
  setImmediate(() => stop.abort(reason));
  await assert.rejects(next, (error) => error === reason);
  assert.deepEqual(await stream.next(), { value: undefined, done: true });
  assert.throws(() => h.events.tail({ topic: "t" }, { signal: stop.signal }), (error) => error === reason);
});

test("a signal that is aborted while items are ready gives none of them, and behind the end it says nothing", async () => {
  const h = await counted(100);
  const stop = new AbortController();
  const stream = h.events.tail({ topic: "t", after: 0 }, { signal: stop.signal });
  const other = h.events.tail({ topic: "t", after: 0 }, { signal: stop.signal });
  await Promise.all([stream.next(), other.next()]);
  await other.return();
  stop.abort();
  await assert.rejects(stream.next(), { name: "AbortError" });
  assert.deepEqual(await other.next(), { value: undefined, done: true });
});

test("what a stream fails with is thrown by its first item, and then it ends", async () => {
  const h = await open({ environment: false });
  const stream = h.stream("search.no_such_thing");
  await assert.rejects(stream.next(), (error) => error instanceof HeptadError);
  assert.deepEqual(await stream.next(), { value: undefined, done: true });
});

test("whoever is slow holds the operation back", async () => {
  const h = await counted(20_000);
  const stream = h.events.tail({ topic: "t", after: 0 });
  await stream.next();
  const before = process.memoryUsage().rss;
  await new Promise((resolve) => setTimeout(resolve, 200));
  // Twenty thousand events read ahead would be more.
  assert.ok(process.memoryUsage().rss - before < 32 << 20);
  let n = 1;
  for await (const _ of stream) if (++n === 20_000) break;
  assert.equal(n, 20_000);
});
