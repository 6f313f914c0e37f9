import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import test from "node:test";

const index = fileURLToPath(new URL("../index.js", import.meta.url));

/** Runs a script, at most ten seconds; how it ended and what it said. */
function run(script) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["-e", `const { open } = require(${JSON.stringify(index)});\n${script}`]);
    let said = "";
    child.stdout.on("data", (data) => (said += data));
    child.stderr.on("data", (data) => (said += data));
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    child.on("close", (code, signal) => {
      clearTimeout(late);
      resolve({ code, signal, said: said.trim() });
    });
  });
}

const fine = { code: 0, signal: null };

test("an open platform and an open stream do not keep the process alive", async () => {
  const script = `open({ environment: false }).then(async (h) => {
    await h.events.publish({ topic: "t", events: [{ specversion: "1.0", id: "1", source: "/b", type: "a" }] });
    const stream = h.events.tail({ topic: "t", after: 0 });
    await stream.next();
    globalThis.kept = { h, stream };
    console.log("done");
  });`;
  assert.deepEqual(await run(script), { ...fine, said: "done" });
});

test("what is waited for keeps the process alive", async () => {
  const script = `open({ environment: false }).then((h) => h.review.scan({ path: __dirname })).then((report) => console.log(typeof report));`;
  assert.deepEqual(await run(script), { ...fine, said: "object" });
});

test("the process can be left in the middle of work", async () => {
  const script = `open({ environment: false }).then((h) => {
    for (let n = 0; n < 200; n++) h.review.scan({ path: ${JSON.stringify(fileURLToPath(new URL("..", import.meta.url)))} }).catch(() => {});
    h.events.tail({ topic: "t" }).next().catch(() => {});
    setTimeout(() => process.exit(0), 20);
  });`;
  for (let n = 0; n < 5; n++) assert.deepEqual(await run(script), { ...fine, said: "" });
});

test("a worker ends in the middle of work, and the addon works on in others", async () => {
  const script = `const { Worker } = require("node:worker_threads");
  const inside = ${JSON.stringify(`const { open } = require(${JSON.stringify(index)}); open({ environment: false }).then((h) => {
    for (let n = 0; n < 50; n++) h.events.publish({ topic: "t", events: [{ specversion: "1.0", id: "1", source: "/b", type: "a" }] });
    h.events.tail({ topic: "t" }).next(); require("node:worker_threads").parentPort.postMessage("up"); });`)};
  const one = () => new Promise((resolve) => {
    const worker = new Worker(inside, { eval: true });
    worker.once("message", () => worker.terminate().then(resolve));
  });
  (async () => {
    for (let n = 0; n < 5; n++) await one();
    const h = await open({ environment: false });
    console.log((await h.events.topics()).topics.length);
  })();`;
  assert.deepEqual(await run(script), { ...fine, said: "0" });
});
