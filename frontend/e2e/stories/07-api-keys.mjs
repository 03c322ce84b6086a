import { check, checkEqual, until } from "../harness/waiting.mjs";

export const name =
  "an API key is made with a scope, shown once, works within it, and is refused once revoked";

export async function story({ open, product }) {
  const screen = await open();
  const { page } = screen;
  await screen.visit("/settings/keys");
  await page.getByRole("button", { name: "New key" }).click();
  const dialog = await screen.dialogInSight("New API key");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  await dialog.getByText("say what it is for").waitFor();
  await dialog.getByLabel("What it is for").fill("story");
  await dialog.getByLabel(/Only from these addresses/).fill("127.0.0.1 not-an-address");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel(/Only from these addresses/).fill("127.0.0.1, 10.0.0.0/8");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  const shown = dialog.locator("code");
  await until("the key is shown", async () => (await shown.innerText()).startsWith("er_"));
  const key = (await shown.innerText()).trim();
  await page.keyboard.press("Escape");
  check(await dialog.isVisible(), "a key that is shown once does not vanish by Escape");
  await dialog.getByRole("button", { name: "I have copied it" }).click();

  const row = page.getByRole("row").filter({ hasText: "story" });
  await row.getByText("read", { exact: true }).waitFor();
  check(!(await page.content()).includes(key), "the key is nowhere on the page any more");
  const { rights } = await product.ask("GET", "/auth/me", undefined, key);
  checkEqual(rights, ["read"], "the rights of the key");

  const visitor = await open({ signedIn: false });
  await visitor.page.goto(`${product.url}/app/`);
  await visitor.page.getByLabel("API key").fill(key);
  await visitor.page.getByRole("button", { name: "Sign in" }).click();
  await visitor.linked();
  await page.getByRole("button", { name: "Revoke story" }).click();
  const sure = await screen.dialogInSight("Revoke story?");
  await sure.getByRole("button", { name: "Revoke" }).click();
  await row.waitFor({ state: "detached" });
  await visitor.page.getByText("The server does not accept this key any more.").waitFor();
}
