// `npm run build`: dist/router-js.wasm, a component with its manifest inside.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { componentize } from "@bytecodealliance/componentize-js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { component } = await componentize({
  sourcePath: here("component.js"),
  witPath: here("../../wit"),
  worldName: "router",
  // Nothing of an operating system: a router is pure.
  disableFeatures: ["random", "stdio", "clocks", "http", "fetch-event"],
});

/** A custom section of a WebAssembly binary: its identifier 0, its length, its name, its bytes. */
function section(name, bytes) {
  const leb = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >>> 7)]);
  const label = Buffer.from(name);
  const body = Buffer.concat([Buffer.from(leb(label.length)), label, bytes]);
  return Buffer.concat([Buffer.from([0, ...leb(body.length)]), body]);
}

const manifest = await readFile(here("plugin.toml"));
const whole = Buffer.concat([component, section("patchbay:manifest", manifest)]);
await mkdir(here("dist"), { recursive: true });
await writeFile(here("dist/router-js.wasm"), whole);
console.log(`dist/router-js.wasm  ${(whole.length / 1024).toFixed(0)} KiB`);
