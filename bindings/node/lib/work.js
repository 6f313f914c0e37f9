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
  const resolve = waiting.get(id);
  if (resolve === undefined) return;
  forget(id);
  resolve({ failed, text, large });
});

function forget(id) {
  waiting.delete(id);
  if (waiting.size === 0) awake.unref();
}

/**
 * The value of an outcome; its error is thrown. It is called behind the `await`, where the error gets the stack of whoever waits.
 */
function value(outcome) {
  if (typeof outcome === "string") return JSON.parse(outcome);
  const { failed, text, large } = outcome;
  if (failed) throw told(text);
  return text == null ? undefined : read(text, large);
}

/**
 * Begins work, and promises its outcome. `begin` is given the number. Where `signal` is aborted the work is given up, and the promise rejected with the
 * reason.
 */
function work(begin, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const id = (last = (last + 1) >>> 0);
    const now = begin(id);
    if (now === null) wait(id, resolve, reject, signal);
    else resolve(now);
  });
}

function wait(id, resolve, reject, signal) {
  if (waiting.size === 0) awake.ref();
  if (!signal) {
    waiting.set(id, resolve);
    return;
  }
  const aborted = () => {
    forget(id);
    bridge.cancel(id);
    reject(signal.reason);
  };
  signal.addEventListener("abort", aborted, { once: true });
  waiting.set(id, (outcome) => {
    signal.removeEventListener("abort", aborted);
    resolve(outcome);
  });
}

module.exports = { bridge, value, work };
