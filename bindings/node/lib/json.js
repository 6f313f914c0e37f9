"use strict";

// JSON that keeps 64-bit integers. What is given is read by `JSON.parse`; the addon says where an integer is that a number would round, and sends it
// as text. What is taken is written by `JSON.stringify` as long as there is nothing in it that this would lose.

const { error } = require("./errors.js");

/** The value of `text`. */
function read(text, large) {
  const value = JSON.parse(text);
  return large == null ? value : exact(value, JSON.parse(large));
}

function exact(value, marks) {
  if (marks === true) return BigInt(value);
  for (const key in marks) value[key] = exact(value[key], marks[key]);
  return value;
}

/** `value` as JSON. */
function write(value) {
  return plain(value, 0) ? JSON.stringify(value) : text(value, []);
}

/** Deeper than this no request is: `JSON.stringify` tells of a circle. */
const DEEP = 1000;

/** Whether `JSON.stringify` writes it as it is. */
function plain(value, depth) {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value);
    case "bigint":
      return false;
    case "object":
      if (value === null || depth > DEEP) return true;
      if (Array.isArray(value)) return value.every((item) => plain(item, depth + 1));
      if (ArrayBuffer.isView(value)) return false;
      for (const key in value) if (!plain(value[key], depth + 1)) return false;
      return true;
    default:
      return true;
  }
}

/** The same, by hand. `path` is where it is. */
function text(value, path) {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && !Number.isFinite(value)) {
    const place = path.length === 0 ? "the request" : `\`${path.join(".")}\``;
    throw error("invalid_input", `${place} is ${value}, which JSON cannot say: give a finite number`);
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (path.length > DEEP) throw error("invalid_input", "the request is nested too deeply, or holds itself");
  if (typeof value.toJSON === "function") return text(value.toJSON(), path);
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
    return `[${Array.from(value, (item, place) => text(item, [...path, place]) ?? "null").join(",")}]`;
  }
  const fields = [];
  for (const [name, field] of Object.entries(value)) {
    const written = text(field, [...path, name]);
    if (written !== undefined) fields.push(`${JSON.stringify(name)}:${written}`);
  }
  return `{${fields.join(",")}}`;
}

module.exports = { read, write };
