import { checkEqual, until } from "../harness/waiting.mjs";

export const name = "three simulated brokers are connected and nothing looks like real money";

export async function story({ open }) {
  const screen = await open();
  const { page } = screen;
  await screen.visit("/brokers");
  for (const connection of ["bybit-sim", "ibkr-sim", "mt5-sim"]) {
    await page
      .getByRole("list", { name: "Broker connections" })
      .getByRole("listitem")
      .filter({ hasText: `${connection}: connected` })
      .waitFor();
    await page.getByRole("heading", { level: 3, name: new RegExp(connection) }).waitFor();
  }
  await until("the tab's title tells the mode", async () => (await page.title()).startsWith("SIM"));
  checkEqual(await page.locator("[data-mode]").getAttribute("data-mode"), "simulated", "the frame's mode");
  checkEqual(await page.getByText("LIVE", { exact: true }).count(), 0, "badges of real money");
}
