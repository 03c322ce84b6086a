import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PROGRAM =
  process.platform === "win32"
    ? join(ROOT, ".venv/Scripts/edgerunner.exe")
    : join(ROOT, ".venv/bin/edgerunner");
export const SCREEN = process.env.EDGERUNNER_SCREEN_DIR ?? join(ROOT, "frontend/dist");
const START_MS = 120_000;
/** One market for every run: what a story sees does not depend on the day. */
const SEED = "7";
const FREE_PORTS = [
  "SIM_CONTROL_PORT",
  "SIM_BYBIT_PORT",
  "SIM_IBKR_PORT",
  "SIM_MT5_PORT",
  "SIM_MT5_TERMINAL_PORT",
];

/** `edgerunner up` with a data folder of its own: started, killed, started again, ended. */
export class Product {
  #child = null;
  #port = 0;
  url = "";
  key = "";
  simulators = null;

  constructor(folder, settings) {
    this.folder = folder;
    this.settings = settings;
  }

  /** Make a data folder and start in it; `settings` are further environment variables. */
  static async begin(settings = {}) {
    const product = new Product(await mkdtemp(join(tmpdir(), "edgerunner-e2e-")), settings);
    await product.start();
    return product;
  }

  /** Start and wait for the ready line; a second start is at the address of the first. */
  async start() {
    const child = spawn(PROGRAM, ["up", "--json"], {
      env: this.#environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const log = createWriteStream(join(this.folder, "up.log"), { flags: "a" });
    child.stderr.pipe(log);
    const ready = await firstLine(child, log.path);
    this.url = ready.url;
    this.#port = Number(new URL(ready.url).port);
    this.simulators = ready.simulators;
    this.key = (await readFile(ready.api_key_file, "utf8")).trim();
  }

  /** End the API as a crash does; the simulators live on. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** End everything; the data folder goes too unless `keep`. */
  async stop({ keep = false } = {}) {
    await this.#end("SIGTERM");
    if (!keep) await rm(this.folder, { recursive: true, force: true });
  }

  /** Ask the API, with the installation's own key or another; the answer's JSON, or an error with its problem. */
  async ask(method, path, body, key = this.key) {
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    return askJson(`${this.url}${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
  }

  /** Ask the simulators' control port. */
  async control(method, path, body) {
    const address = `http://127.0.0.1:${this.simulators.control}${path}`;
    return askJson(address, { method, body: body === undefined ? null : JSON.stringify(body) });
  }

  async #end(signal) {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  #environment() {
    const own = { EDGERUNNER_DATA_DIR: this.folder, EDGERUNNER_SCREEN_DIR: SCREEN, ...this.settings };
    const environment = { ...process.env, ...own };
    for (const name of FREE_PORTS) environment[`EDGERUNNER_${name}`] = "0";
    return { ...environment, EDGERUNNER_PORT: String(this.#port), EDGERUNNER_SIM_SEED: SEED };
  }
}

async function firstLine(child, log) {
  const lines = createInterface({ input: child.stdout });
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
  const line = await Promise.race([
    once(lines, "line").then(([text]) => text),
    once(child, "exit").then(() => null),
    once(child, "error").then(([error]) =>
      Promise.reject(new Error(`${PROGRAM} does not start: ${error.message}`)),
    ),
  ]);
  clearTimeout(timer);
  if (line === null)
    throw new Error(`edgerunner up ended before it was ready: ${await readFile(log, "utf8")}`);
  lines.on("line", () => undefined);
  return JSON.parse(line);
}

async function askJson(address, request) {
  const answer = await fetch(address, request);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${request.method} ${address} answered ${answer.status}: ${text}`);
  return text === "" ? null : JSON.parse(text);
}
