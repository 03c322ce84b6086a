import { check, checkEqual } from "../harness/waiting.mjs";

export const name =
  "a wrong key is refused in words, the right one opens the screen and stays out of the address; signing out forgets it";

export async function story({ open, product }) {
  const screen = await open({ signedIn: false });
  const { page } = screen;
  await page.goto(`${product.url}/app/`);
  const field = page.getByLabel("API key");
  await field.fill("not-the-key");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").filter({ hasText: "This is not a key of this server." }).waitFor();

  await field.fill(product.key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await screen.linked();
  await page.getByRole("navigation", { name: "Places" }).waitFor();
  check(!page.url().includes(product.key), "the key is not in the address");

  await screen.visit("/settings/account");
  await page.getByRole("button", { name: "Sign out" }).click();
  await field.waitFor();
  const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
  checkEqual(kept.includes(product.key), false, "whether a storage holds the key after signing out");
}
