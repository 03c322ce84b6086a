// Fails when a page needs more JavaScript than its budget, gzipped, before it can be used: node tools/bundle-budget.mjs [DIST]
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = process.argv[2] ?? fileURLToPath(new URL("../dist", import.meta.url));
const ASSETS = join(DIST, "assets");
const BUDGETS = [
  { what: "first route (sign in, shell)", page: null, most: 200 },
  { what: "workspace (Trade)", page: "TradePage", most: 350 },
];

const sources = new Map(
  readdirSync(ASSETS)
    .filter((file) => file.endsWith(".js"))
    .map((file) => [file, readFileSync(join(ASSETS, file), "utf8")]),
);
const entry = /src="[^"]*assets\/([^"]+\.js)"/.exec(readFileSync(join(DIST, "index.html"), "utf8"))?.[1];
if (entry === undefined) throw new Error(`${DIST}/index.html names no script`);

/** A file with everything that it imports, directly and indirectly, but for what it loads later. */
function closureOf(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  const imports = (sources.get(file) ?? "").matchAll(
    /(?:^|[;\s}])(?:import|export)[^;"'()]*?["']\.\/([\w.-]+\.js)["']/g,
  );
  for (const [, name] of imports) closureOf(name, found);
  return found;
}

function pageFile(page) {
  const file = [...sources.keys()].find((each) => each.startsWith(`${page}-`));
  if (file === undefined) throw new Error(`no file of ${page} in ${ASSETS}`);
  return file;
}

const kilobytes = (files) =>
  [...files].reduce((sum, file) => sum + gzipSync(sources.get(file) ?? "", { level: 9 }).length, 0) / 1000;

for (const { what, page, most } of BUDGETS) {
  const files = closureOf(entry);
  if (page !== null) closureOf(pageFile(page), files);
  const size = kilobytes(files);
  const isWithin = size <= most;
  process.stdout.write(
    `${isWithin ? "ok    " : "FAILED"} ${size.toFixed(1).padStart(6)} kB of ${most} kB  ${what}, ${files.size} files\n`,
  );
  if (!isWithin) process.exitCode = 1;
}
