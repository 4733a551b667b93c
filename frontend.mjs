// Builds web/static/dist: one style sheet, one script, the font; says what they weigh.
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { compile } from "sass";
import { sprite } from "./web/look/icons/sprite.mjs";

const LOOK = "web/look";
const DIST = "web/static/dist";

const css = compile(`${LOOK}/app.scss`, { loadPaths: ["node_modules"], quietDeps: true }).css;
rmSync(DIST, { recursive: true, force: true });
const shared = { bundle: true, minify: true, legalComments: "none", target: "es2022" };
await build({ ...shared, entryPoints: [`${LOOK}/app.js`], outdir: DIST, format: "esm" });
await build({
  ...shared,
  stdin: { contents: css, loader: "css", resolveDir: ".", sourcefile: "app.css" },
  outfile: `${DIST}/app.css`,
  loader: { ".woff2": "file", ".svg": "file" },
  assetNames: "[name]",
});
sprite(DIST);

let total = 0;
for (const name of readdirSync(DIST).sort()) {
  const bytes = readFileSync(`${DIST}/${name}`);
  const packed = name.endsWith(".woff2") ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  total += packed;
  console.log(`${name.padEnd(48)} ${String(packed).padStart(7)} bytes compressed`);
}
console.log(`${"total".padEnd(48)} ${String(total).padStart(7)}`);
