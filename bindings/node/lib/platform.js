"use strict";

const { fileURLToPath } = require("node:url");

const { error } = require("./errors.js");
const { write } = require("./json.js");
const { Stream } = require("./stream.js");
const { bridge, value, work } = require("./work.js");

/** What the handles of systems are: ways to call operations of an open platform. */
class System {
  #native;

  constructor(native) {
    this.#native = native;
  }

  async _call(operation, request = {}, { signal } = {}) {
    const text = write(request);
    return value(await work((id) => this.#native.call(id, operation, text), signal));
  }

  _stream(operation, request = {}, { signal } = {}) {
    signal?.throwIfAborted();
    return new Stream(this.#native.stream(operation, write(request)), signal);
  }
}

/** What the platform is, but for the handles of its systems. */
class Opened extends System {
  #native;
  #systems = new Map();

  constructor(native) {
    super(native);
    this.#native = native;
  }

  _system(Handle) {
    let handle = this.#systems.get(Handle);
    if (handle === undefined) this.#systems.set(Handle, (handle = new Handle(this.#native)));
    return handle;
  }

  call(operation, request, options) {
    return this._call(operation, request, options);
  }

  stream(operation, request, options) {
    return this._stream(operation, request, options);
  }

  asPrincipal(id, allow) {
    return this.#seen((work) => this.#native.asPrincipal(work, id, [...allow]));
  }

  authenticate(credential) {
    return this.#seen((work) => this.#native.authenticate(work, credential));
  }

  signIn(id) {
    return this.#seen((work) => this.#native.signIn(work, id));
  }

  async #seen(begin) {
    return new this.constructor(await arriving(begin));
  }

  async close() {
    value(await work((id) => this.#native.close(id)));
  }
}

if (Symbol.asyncDispose) Opened.prototype[Symbol.asyncDispose] = Opened.prototype.close;

/** A platform of the addon, when it is there. */
async function arriving(begin) {
  let native;
  const outcome = await work((id) => {
    native = begin(id);
    return null;
  });
  value(outcome);
  return native;
}

function path(place) {
  return place instanceof URL ? fileURLToPath(place) : place ?? null;
}

function opener(Heptad) {
  return async function open(place, options) {
    const named = typeof place === "string" || place instanceof URL;
    const { path: store = named ? place : undefined, configFile, settings = {}, environment = true } = (named ? options : place) ?? {};
    if (![store, configFile].every((given) => given == null || typeof given === "string" || given instanceof URL)) {
      throw error("invalid_input", "a path is a string or a file URL");
    }
    const pairs = Object.entries(settings).map(([key, given]) => [key, typeof given === "string" ? given : write(given)]);
    return new Heptad(await arriving((id) => bridge.open(id, path(store), path(configFile), pairs, environment)));
  };
}

module.exports = { Opened, System, opener };
