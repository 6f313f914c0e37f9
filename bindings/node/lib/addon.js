"use strict";

// The addon: beside this package where it was built, otherwise from the package of this platform.

const { existsSync } = require("node:fs");
const { join } = require("node:path");

function libc() {
  const header = process.report?.getReport?.()?.header;
  return header?.glibcVersionRuntime ? "gnu" : "musl";
}

/** As the packages of platforms are called: `heptad-linux-x64-gnu`. */
function platform() {
  const { platform: system, arch } = process;
  if (system === "linux") return `linux-${arch}-${libc()}`;
  return system === "win32" ? `win32-${arch}-msvc` : `${system}-${arch}`;
}

function load() {
  const built = join(__dirname, "..", "heptad.node");
  if (existsSync(built)) return require(built);
  const name = `heptad-${platform()}`;
  try {
    return require(name);
  } catch (cause) {
    throw new Error(`heptad has no addon for this platform: \`${built}\` is not there, and the package \`${name}\` cannot be loaded`, { cause });
  }
}

module.exports = load();
