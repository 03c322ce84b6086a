// Tells the stories of e2e/stories on the real product in a real browser: node e2e/run.mjs [word of a story's file ...]
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { launch } from "./harness/browser.mjs";
import { leaveNothing } from "./harness/life.mjs";
import { Product } from "./harness/product.mjs";
import { Screen } from "./harness/screen.mjs";
import { StaticScreen } from "./harness/static-screen.mjs";

const STORIES = fileURLToPath(new URL("./stories/", import.meta.url));
const PICTURES = process.env.EDGERUNNER_E2E_PICTURES ?? fileURLToPath(new URL("./failed/", import.meta.url));

async function storiesNamed(words) {
  const files = (await readdir(STORIES)).filter((file) => file.endsWith(".mjs")).sort();
  const chosen = files.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  if (chosen.length === 0)
    throw new Error(`no story is named ${words.join(", ")}; there are ${files.join(", ")}`);
  return Promise.all(
    chosen.map(async (file) => ({ file, ...(await import(pathToFileURL(join(STORIES, file)).href)) })),
  );
}

/** Tell one story; its verdict is null or what went wrong. */
async function tell({ file, story }, browser, product, elsewhere) {
  const screens = [];
  const open = async ({ product: other = product, ...options } = {}) => {
    const screen = await Screen.open(browser, other, options);
    screens.push(screen);
    return screen;
  };
  try {
    await story({ open, product, elsewhere });
    const complaints = screens.flatMap((screen) => screen.complaints);
    if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join("; ")}`);
    return null;
  } catch (error) {
    await picture(screens, file);
    await leaveNothing(product).catch((left) => say(`  it leaves something behind: ${left.message}`));
    return error;
  } finally {
    for (const screen of screens) await screen.close();
  }
}

async function picture(screens, file) {
  await mkdir(PICTURES, { recursive: true });
  for (const [index, screen] of screens.entries()) {
    const path = join(PICTURES, `${file.replace(".mjs", "")}-${index}.png`);
    await screen.page.screenshot({ path }).catch((error) => say(`  no picture: ${error.message}`));
    say(`  picture: ${path}`);
  }
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

const stories = await storiesNamed(process.argv.slice(2));
const browser = await launch().catch((error) => {
  say(error.message);
  process.exit(1);
});
const elsewhere = await StaticScreen.begin();
const product = await Product.begin({ EDGERUNNER_CORS_ORIGINS: elsewhere.origin });
let failed = 0;
try {
  for (const each of stories) {
    const began = performance.now();
    const error = await tell(each, browser, product, elsewhere);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    say(`${error === null ? "ok    " : "FAILED"} ${seconds.padStart(6)} s  ${each.name}`);
    if (error !== null) say(`  ${error.stack}`);
    if (error !== null) failed += 1;
  }
} finally {
  await browser.close();
  await elsewhere.stop();
  await product.stop({ keep: failed > 0 });
}
say(
  failed === 0
    ? `${stories.length} stories told`
    : `${failed} of ${stories.length} stories failed; data: ${product.folder}`,
);
process.exitCode = failed === 0 ? 0 : 1;
