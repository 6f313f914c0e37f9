"use strict";

// Promises of what the addon does. Work has a number; the addon answers at once, or settles that number later.

const addon = require("./addon.js");
const { told } = require("./errors.js");
const { read } = require("./json.js");

const waiting = new Map();
let last = 0;

// The bridge alone does not keep the process alive; this does while somebody waits.
const awake = setInterval(() => {}, 2 ** 31 - 1);
awake.unref();

const bridge = new addon.Bridge((id, failed, text, large) => {
  const promise = waiting.get(id);
  if (promise === undefined) return;
  forget(id);
  settle(promise, failed, text, large);
});

function forget(id) {
  waiting.delete(id);
  if (waiting.size === 0) awake.unref();
}

function settle({ resolve, reject }, failed, text, large) {
  try {
    if (failed) reject(told(text));
    else resolve(text == null ? undefined : read(text, large));
  } catch (error) {
    reject(error);
  }
}

/**
 * Begins work, and promises what comes of it. `begin` is given the number. Where `signal` is aborted the work is given up, and the promise rejected with
 * the reason.
 */
function work(begin, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted?.();
    const id = (last = (last + 1) >>> 0);
    const now = begin(id);
    if (typeof now === "string") {
      resolve(JSON.parse(now));
    } else if (now) {
      settle({ resolve, reject }, now.failed, now.text, now.large);
    } else {
      wait(id, resolve, reject, signal);
    }
  });
}

function wait(id, resolve, reject, signal) {
  if (waiting.size === 0) awake.ref();
  if (!signal) {
    waiting.set(id, { resolve, reject });
    return;
  }
  const aborted = () => {
    forget(id);
    bridge.cancel(id);
    reject(signal.reason);
  };
  signal.addEventListener("abort", aborted, { once: true });
  const done = (settle) => (outcome) => {
    signal.removeEventListener("abort", aborted);
    settle(outcome);
  };
  waiting.set(id, { resolve: done(resolve), reject: done(reject) });
}

module.exports = { bridge, work };
