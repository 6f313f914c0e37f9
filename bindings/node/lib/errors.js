"use strict";

/** What every error of Heptad is. `code` is its kind. */
class HeptadError extends Error {
  constructor(message, { code = "internal", operation, context = {}, retryAfter, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.operation = operation;
    this.context = context;
    this.retryAfter = retryAfter;
  }
}
named(HeptadError, "HeptadError");

const BY_KIND = new Map();

/** Makes the class of a kind of error. */
function kind(code, name) {
  const Kind = class extends HeptadError {
    constructor(message, told) {
      super(message, { ...told, code });
    }
  };
  named(Kind, name);
  BY_KIND.set(code, Kind);
  return Kind;
}

function named(type, name) {
  Object.defineProperty(type, "name", { value: name });
  Object.defineProperty(type.prototype, "name", { value: name, configurable: true, writable: true });
}

/** The error that the addon tells of as JSON. */
function told(text) {
  const { kind, message, operation, context, retry_after_ms: retry, causes } = JSON.parse(text);
  const cause = causes.length === 0 ? undefined : new Error(causes.join(": "));
  const retryAfter = retry === null ? undefined : retry / 1000;
  return error(kind, message, { operation: operation ?? undefined, context, retryAfter, cause });
}

/** An error of a kind. */
function error(code, message, more) {
  const Kind = BY_KIND.get(code) ?? HeptadError;
  return new Kind(message, { ...more, code });
}

module.exports = { HeptadError, error, kind, told };
