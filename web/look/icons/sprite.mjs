// One sprite out of the icons named in list.txt, and the mark of the brand.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";

const HERE = "web/look/icons";

export function sprite(dist) {
  const names = readFileSync(`${HERE}/list.txt`, "utf8").split("\n").filter(Boolean);
  const symbols = names.map((name) => {
    const svg = readFileSync(`node_modules/@tabler/icons/icons/outline/${name}.svg`, "utf8");
    const shapes = svg.replace(/<!--[\s\S]*?-->/g, "").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1];
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s+/g, " ").trim()}</symbol>`;
  });
  writeFileSync(`${dist}/icons.svg`, `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`);
  copyFileSync(`${HERE}/brand.svg`, `${dist}/brand.svg`);
}
