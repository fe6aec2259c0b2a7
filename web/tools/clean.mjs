// Empties dist except for the file that keeps the folder in every checkout.
import { readdir, rm } from "node:fs/promises";

const dist = new URL("../dist/", import.meta.url);
for (const name of await readdir(dist)) {
  if (name !== ".gitignore") await rm(new URL(name, dist), { recursive: true });
}
