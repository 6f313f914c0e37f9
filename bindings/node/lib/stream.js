"use strict";

const { value, work } = require("./work.js");

const END = { value: undefined, done: true };

/**
 * What an operation gives one after the other: an asynchronous iterator. Items come in batches; those that are there are given without asking the addon.
 * It ends with its last item, with an error, when it is closed, and when its signal is aborted.
 */
class Stream {
  #native;
  #signal;
  #aborted;
  #ready = [];
  #taken = 0;
  #ended = false;
  /** Ends the wait for a batch. */
  #stop = null;
  /** The wait for a batch; whoever asks meanwhile waits behind it. */
  #before = null;

  constructor(native, signal) {
    this.#native = native;
    this.#signal = signal;
    if (signal) {
      this.#aborted = () => this.#end(signal);
      signal.addEventListener("abort", this.#aborted, { once: true });
    }
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    if (this.#before === null && this.#taken < this.#ready.length) {
      return Promise.resolve({ value: this.#ready[this.#taken++], done: false });
    }
    const before = this.#before;
    const next = before === null ? this.#more() : before.then(() => this.#more(), () => this.#more());
    this.#before = next;
    const free = () => {
      if (this.#before === next) this.#before = null;
    };
    next.then(free, free);
    return next;
  }

  async #more() {
    if (this.#taken < this.#ready.length) return { value: this.#ready[this.#taken++], done: false };
    this.#refuse();
    if (this.#ended) return END;
    const stop = new AbortController();
    this.#stop = stop;
    try {
      const batch = value(await work((id) => this.#native.next(id), stop.signal));
      if (batch === undefined) {
        this.#end();
        return END;
      }
      this.#ready = batch;
      this.#taken = 1;
      return { value: batch[0], done: false };
    } catch (error) {
      this.#end();
      // Closed while it was waited for.
      if (error !== stop.signal.reason) throw error;
      this.#refuse();
      return END;
    } finally {
      this.#stop = null;
    }
  }

  /** Throws the reason of an aborted signal, once: then it has ended. */
  #refuse() {
    const signal = this.#signal;
    if (!signal?.aborted) return;
    this.#signal = undefined;
    throw signal.reason;
  }

  /** `signal` is what ended it, where that was aborted. */
  #end(signal) {
    if (this.#ended) return;
    this.#ended = true;
    this.#ready = [];
    this.#taken = 0;
    this.#signal?.removeEventListener("abort", this.#aborted);
    this.#signal = signal;
    this.#native.close();
    this.#stop?.abort();
  }

  async return(given) {
    this.#end();
    return { value: given, done: true };
  }

  async throw(error) {
    this.#end();
    throw error;
  }

  /** Ends it: the operation is given up, and what was not taken is forgotten. */
  close() {
    this.#end();
  }
}

// `await using` closes it, where the runtime has that.
if (Symbol.asyncDispose) Stream.prototype[Symbol.asyncDispose] = Stream.prototype.return;

module.exports = { Stream };
