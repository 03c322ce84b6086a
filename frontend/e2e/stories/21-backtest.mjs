import { BITCOIN } from "../harness/life.mjs";
import { check, LONG_PATIENCE_MS, until } from "../harness/waiting.mjs";

export const name =
  "a backtest is asked for, its progress and result are shown, and its report opens in sight";

export async function story({ open, product }) {
  const screen = await open();
  const { page } = screen;
  await screen.visit("/backtest");
  const form = screen.panel("New backtest");
  await form.getByLabel("Strategy", { exact: true }).selectOption("SmaCross");
  await form.getByLabel("Connection", { exact: true }).selectOption(BITCOIN.connection_id);
  await form.getByRole("combobox", { name: "Instrument", exact: true }).fill("BTCUSDT");
  await form.getByRole("option", { name: BITCOIN.instrument_id }).click();
  await form.getByLabel("Time frame", { exact: true }).selectOption("1m");
  await form.getByLabel(/^quantity/i).fill("0.01");
  await form.getByLabel("Start capital").fill("10000");
  await form.getByRole("button", { name: "Run the backtest" }).click();

  const head = screen.panel(`SmaCross on ${BITCOIN.instrument_id}, 1m`);
  await head.getByText("completed", { exact: true }).waitFor({ timeout: LONG_PATIENCE_MS });
  const [run] = (await product.ask("GET", "/backtest/runs")).runs;
  check(page.url().endsWith(`/backtest/${run.run_id}`), "the address is the newest run's");
  await page.getByRole("heading", { name: /^Equity/ }).waitFor();

  await head.getByRole("button", { name: "Open the report" }).click();
  const dialog = await screen.dialogInSight("Backtest report");
  const report = page.frameLocator('iframe[title="Backtest report"]');
  await until("the report has its figures", async () =>
    (await report.locator("body").innerText()).includes("SmaCross"),
  );
  await until("its curves are drawn", async () => (await report.locator("canvas").count()) > 0);
  await dialog.getByRole("button", { name: "Close" }).click();
  await dialog.waitFor({ state: "detached" });
}
