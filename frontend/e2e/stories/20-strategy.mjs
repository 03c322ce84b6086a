import { BITCOIN } from "../harness/life.mjs";
import { checkEqual, until } from "../harness/waiting.mjs";

export const name =
  "a strategy is made from its class's form, runs live, writes its log, and stops after asking in sight";

const ID = "average-cross";

export async function story({ open, product }) {
  const screen = await open();
  const { page } = screen;
  await screen.visit("/strategies");
  await make(screen);
  const state = async () => (await product.ask("GET", `/strategies/${ID}`)).state;
  checkEqual(await state(), "created", "the state of a strategy that was only made");

  await page.getByRole("button", { name: `Start ${ID}` }).click();
  const row = page.getByRole("row").filter({ hasText: ID });
  await row.getByText("running", { exact: true }).waitFor();
  await until(
    "it is live at the server too",
    async () => (await product.ask("GET", `/strategies/${ID}`)).live,
  );

  await page.getByRole("link", { name: ID }).click();
  await page.getByRole("list", { name: "Log, newest first" }).getByRole("listitem").first().waitFor();
  await page.getByRole("button", { name: `Stop ${ID}` }).click();
  const dialog = await screen.dialogInSight(`Stop: ${ID}`);
  checkEqual(await page.evaluate(() => document.activeElement?.textContent), "Go back", "what has the focus");
  await dialog.getByRole("button", { name: "Stop" }).click();
  await screen.panel(ID).getByText("stopped", { exact: true }).waitFor();
  checkEqual(await state(), "stopped", "the state at the server");
}

async function make(screen) {
  const { page } = screen;
  await page.getByRole("button", { name: "New strategy" }).click();
  const dialog = await screen.dialogInSight("New strategy");
  await dialog.getByLabel("Strategy", { exact: true }).selectOption("SmaCross");
  await dialog.getByLabel("Connection", { exact: true }).selectOption(BITCOIN.connection_id);
  await dialog.getByRole("combobox", { name: "Instruments", exact: true }).fill("BTCUSDT");
  await dialog.getByRole("option", { name: BITCOIN.instrument_id }).click();
  await dialog.getByLabel("Name (optional)").fill(ID);
  await dialog.getByRole("button", { name: "Make the strategy" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("link", { name: ID }).waitFor();
}
