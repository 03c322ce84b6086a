/**
 * Lay the built screen out for a host of static files (Vercel and the like), apart from its API.
 *
 *   EDGERUNNER_API_URL=https://api.example.org node deploy/static_screen.mjs [OUTPUT]
 *
 * OUTPUT (build/screen) gets app/... and config.json, which says where the API and its stream are; the rest the
 * screen asks of the API. EDGERUNNER_STREAM_URL names the stream where it is not at /ws/broker of the API.
 */
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SCREEN = join(ROOT, "frontend", "dist");

/** The address of a variable, without a slash at its end; plain schemes are for this machine alone. */
export function address(name, text, schemes) {
  if (!URL.canParse(text)) throw new Error(`${name} is ${JSON.stringify(text)}: set it to a whole address.`);
  const url = new URL(text);
  const isLocal = ["127.0.0.1", "localhost"].includes(url.hostname);
  const allowed = isLocal ? schemes : schemes.slice(0, 1);
  if (!allowed.includes(url.protocol)) throw new Error(`${name} must begin with ${allowed.join("// or ")}//.`);
  if (url.username || url.password || url.search || url.hash) {
    throw new Error(`${name} must hold nothing but scheme, host, port and path.`);
  }
  return url.href.replace(/\/$/, "");
}

/** What the screen must be told. */
export function configOf(environment) {
  const { EDGERUNNER_API_URL: given, EDGERUNNER_STREAM_URL: stream } = environment;
  if (!given) throw new Error("Set EDGERUNNER_API_URL to the address of the API, such as https://api.example.org.");
  const api = address("EDGERUNNER_API_URL", given, ["https:", "http:"]);
  const told = stream || `${api.replace(/^http/, "ws")}/ws/broker`;
  return { api_path: api, stream_path: address("EDGERUNNER_STREAM_URL", told, ["wss:", "ws:"]) };
}

function main(output) {
  const config = configOf(process.env);
  if (!existsSync(join(SCREEN, "index.html"))) throw new Error("There is no built screen: run `npm run build` first.");
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  cpSync(SCREEN, join(output, "app"), { recursive: true });
  writeFileSync(join(output, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
  process.stdout.write(`${output}: screen at /app/, API ${config.api_path}, stream ${config.stream_path}\n`);
}

try {
  main(process.argv[2] ?? join(ROOT, "build", "screen"));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
