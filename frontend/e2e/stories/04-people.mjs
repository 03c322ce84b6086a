import { addPerson, enterPassword, forgetPeople, PASSWORD, signedIn } from "../harness/people.mjs";
import { TradeDesk } from "../harness/trading.mjs";
import { check, checkEqual, until } from "../harness/waiting.mjs";

export const name =
  "the owner adds people; a viewer sees everything and is told what he may not do; who is disabled is out at once";

export async function story({ open, product }) {
  try {
    const owner = await open();
    await addViewer(owner);
    await addPerson(product, "trudy", "trader");

    const viewer = await signedIn(open, "vera");
    await mayNotTrade(viewer);
    await mayNotSet(viewer);
    await staysOverReload(viewer);

    await traderMay(await signedIn(open, "trudy"));
    await isPutOut(owner, viewer);
    await owner.visit("/settings/audit");
    const log = owner.page.getByRole("table", { name: "Audit log, newest first" });
    await log.getByRole("row").filter({ hasText: "sign in" }).filter({ hasText: "vera" }).first().waitFor();
  } finally {
    await forgetPeople(product);
  }
}

async function addViewer(owner) {
  const { page } = owner;
  await owner.visit("/settings/users");
  await page.getByRole("button", { name: "Add somebody" }).click();
  const dialog = await owner.dialogInSight("Add somebody");
  await dialog.getByLabel("Name").fill("vera");
  await dialog.getByLabel("First password").fill("too short");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByText("3 characters are missing").waitFor();
  await dialog.getByLabel("First password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("row").filter({ hasText: "vera" }).filter({ hasText: "viewer" }).waitFor();
}

async function mayNotTrade(viewer) {
  const { page } = viewer;
  await viewer.visit("/trade");
  await viewer.chooseMarket("bybit-sim", "BTCUSDT", "BTCUSDT-LINEAR.BYBIT");
  const desk = new TradeDesk(viewer);
  await desk.ticket.getByText("Trading needs the role trader or more; vera is viewer.").waitFor();
  const kill = page.getByRole("button", { name: "KILL" });
  checkEqual(await kill.getAttribute("aria-disabled"), "true", "the kill switch of a viewer");
  await kill.focus();
  checkEqual(await page.evaluate(() => document.activeElement?.textContent), "KILL", "what has the focus");
  await page.keyboard.press("Enter");
  checkEqual(await page.getByRole("dialog").count(), 0, "dialogs after pressing it");
}

async function mayNotSet(viewer) {
  const { page } = viewer;
  await viewer.visit("/settings/users");
  await viewer.panel("Users").getByText("Not available").waitFor();
  await viewer.visit("/brokers");
  const connect = page.getByRole("button", { name: "Connect a broker" });
  checkEqual(await connect.getAttribute("aria-disabled"), "true", "connecting a broker as a viewer");
  check(
    (await connect.getAttribute("title")).includes("needs the role admin"),
    "the reason stands in its title",
  );
}

async function staysOverReload(viewer) {
  const { page } = viewer;
  const storages = () => page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
  checkEqual(
    (await storages()).includes("refresh"),
    false,
    "whether a storage holds tokens while they are used",
  );
  await page.reload();
  await viewer.linked();
  await page.getByRole("link", { name: "vera read only" }).waitFor();
}

async function traderMay(trader) {
  const { page } = trader;
  await trader.visit("/risk");
  const limits = page.getByRole("button", { name: "Limits of Everything" });
  await limits.waitFor();
  checkEqual(await limits.getAttribute("aria-disabled"), "true", "limits as a trader");
  const kill = page.getByRole("button", { name: "KILL" });
  checkEqual(await kill.getAttribute("aria-disabled"), null, "the kill switch as a trader");
}

async function isPutOut(owner, viewer) {
  await owner.visit("/settings/users");
  await owner.page.getByRole("button", { name: "Disable vera" }).click();
  await viewer.page.getByText("Your session has ended.").waitFor();
  await enterPassword(viewer, "vera");
  await viewer.page.getByRole("alert").filter({ hasText: "do not belong together" }).waitFor();
  await owner.page.getByRole("button", { name: "Enable vera" }).click();
  await until("vera gets in again", async () => {
    await enterPassword(viewer, "vera");
    await viewer.page.getByRole("navigation", { name: "Places" }).waitFor({ timeout: 5_000 });
    return true;
  });
}
