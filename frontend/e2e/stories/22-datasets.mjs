import { BITCOIN } from "../harness/life.mjs";
import { check, checkEqual, LONG_PATIENCE_MS, until } from "../harness/waiting.mjs";

export const name =
  "a file with a bad row is refused by row, a good one is uploaded and run on; a run is canceled, another repeated";

const MINUTES = 3_000;

export async function story({ open, product }) {
  const screen = await open();
  await screen.visit("/backtest");
  await upload(screen);
  await cancelRun(screen, product);
  await repeatRun(screen, product);
  await remove(screen, product);
}

async function upload(screen) {
  const { page } = screen;
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  const dialog = await screen.dialogInSight("Upload a dataset");
  const send = dialog.getByRole("button", { name: "Upload" });
  await send.click();
  await dialog.getByText("choose a file").waitFor();
  await dialog.getByLabel("Instrument").fill(BITCOIN.instrument_id);
  await dialog.getByLabel(/^Name/).fill("story bars");
  await dialog.getByLabel("File").setInputFiles(fileOf(barsText({ isBad: true })));
  await send.click();
  await dialog.getByRole("alert").filter({ hasText: /row/ }).waitFor();
  await dialog.getByLabel("File").setInputFiles(fileOf(barsText({ isBad: false })));
  await send.click();
  await dialog.waitFor({ state: "detached" });
  await screen.panel("Datasets").getByText("story bars").waitFor();
}

function fileOf(text) {
  return { name: "bars.csv", mimeType: "text/csv", buffer: Buffer.from(text) };
}

/** A price that walks up and down in waves, so that averages cross. */
function barsText({ isBad }) {
  const begin = Date.parse("2026-01-05T00:00:00Z");
  const lines = Array.from({ length: MINUTES }, (_, index) => {
    const price = 60_000 + 800 * Math.sin(index / 40) + 5 * (index % 7);
    const time = new Date(begin + index * 60_000).toISOString();
    const high = isBad && index === 10 ? "what?" : (price + 12).toFixed(1);
    return [time, price.toFixed(1), high, (price - 12).toFixed(1), (price + 3).toFixed(1), "10"].join(",");
  });
  return `time,open,high,low,close,volume\n${lines.join("\n")}\n`;
}

/** Ask by the form for a run over the newest bars; the runs before it tell which is new. */
async function askForRun(screen) {
  const { page } = screen;
  await screen.visit("/backtest");
  const form = screen.panel("New backtest");
  await form.getByLabel("Strategy", { exact: true }).selectOption("SmaCross");
  await form.getByRole("radio", { name: /dataset/i }).check({ force: true });
  await form.getByLabel("Dataset", { exact: true }).selectOption({ index: 1 });
  await form.getByLabel(/^quantity/i).fill("0.01");
  await form.getByLabel("Start capital").fill("10000");
  await form.getByRole("button", { name: "Run the backtest" }).click();
  await page.waitForURL(/\/backtest\/[^/]+$/);
}

async function cancelRun(screen, product) {
  const { page } = screen;
  await askForRun(screen);
  await page.getByRole("button", { name: "Cancel the run" }).click();
  const state = async () => (await product.ask("GET", `/backtest/runs/${runIdOf(page)}`)).state;
  await until("the run has ended as canceled", async () => (await state()) === "canceled", LONG_PATIENCE_MS);
  await page.getByText("canceled", { exact: true }).first().waitFor();
}

async function repeatRun(screen, product) {
  const { page } = screen;
  await askForRun(screen);
  await page.getByText("completed", { exact: true }).first().waitFor({ timeout: LONG_PATIENCE_MS });
  const first = runIdOf(page);
  await page.getByRole("button", { name: "Run again with the same seed" }).click();
  await until("the address is the new run's", () => runIdOf(page) !== first);
  await page.getByText("completed", { exact: true }).first().waitFor({ timeout: LONG_PATIENCE_MS });
  const [one, two] = await Promise.all(
    [first, runIdOf(page)].map((id) => product.ask("GET", `/backtest/runs/${id}`)),
  );
  checkEqual(two.metrics, one.metrics, "the figures of the same run again");
  check(one.metrics.trades > 0, "it traded");
}

async function remove(screen, product) {
  const { page } = screen;
  await screen.visit("/backtest");
  await page.getByRole("button", { name: "Delete story bars" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await dialog.waitFor({ state: "detached" });
  const { datasets } = await product.ask("GET", "/datasets");
  checkEqual(datasets.filter((each) => each.name === "story bars").length, 0, "datasets that are left");
}

function runIdOf(page) {
  return new URL(page.url()).pathname.split("/").at(-1);
}
