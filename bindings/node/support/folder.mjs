// A new folder for a test, gone when the process is.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function fresh(name) {
  const folder = mkdtempSync(join(tmpdir(), `heptad-${name}-`));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
