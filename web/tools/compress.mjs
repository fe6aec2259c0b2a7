// Puts a brotli and a gzip twin beside every file that gets smaller, and holds the first script to its budget.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** Bytes of script, compressed, that a page may need before its first chart. */
const SCRIPT_BYTES_MAX = 150 * 1024;
/** Smaller files are not worth a twin. */
const BYTES_MIN = 400;

const dist = new URL("../dist/", import.meta.url);
const sizes = new Map();
for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(html|js|css|svg|webmanifest)$/.test(entry.name)) continue;
  const path = `${entry.parentPath}/${entry.name}`;
  const plain = await readFile(path);
  const brotli = brotliCompressSync(plain, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  });
  sizes.set(entry.name, brotli.length);
  if (plain.length < BYTES_MIN) continue;
  await writeFile(`${path}.br`, brotli);
  await writeFile(`${path}.gz`, gzipSync(plain, { level: 9 }));
}

const page = await readFile(new URL("index.html", dist), "utf8");
if (/<script(?![^>]*\bsrc=)[^>]*>|\sstyle=/.test(page))
  throw new Error("index.html has an inline script or style");
const scripts = [...page.matchAll(/\/assets\/([\w.-]+\.js)/g)].map(([, name]) => name);
const bytes = scripts.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
console.log(`first script: ${(bytes / 1024).toFixed(1)} KB of ${SCRIPT_BYTES_MAX / 1024} KB (brotli)`);
if (bytes > SCRIPT_BYTES_MAX) throw new Error("the first script is over its budget");
