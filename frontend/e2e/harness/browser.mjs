import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome.exe",
  "msedge.exe",
];
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The system's Chromium: `EDGERUNNER_CHROMIUM`, else the first of the usual names on the PATH; null = none. */
export function findChromium(environment = process.env) {
  if (environment.EDGERUNNER_CHROMIUM) return environment.EDGERUNNER_CHROMIUM;
  const folders = (environment.PATH ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram) ?? null;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Start it, without any window; throws a sentence when there is none. */
export async function launch(flags = []) {
  const executablePath = findChromium();
  if (executablePath === null) {
    throw new Error(
      "There is no Chromium on the PATH. Install chromium or google-chrome, or name one in EDGERUNNER_CHROMIUM.",
    );
  }
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
}
