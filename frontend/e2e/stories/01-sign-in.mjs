import { check } from "../harness/waiting.mjs";

export const name =
  "a wrong key is refused in words, the right one opens the screen and stays out of the address";

export async function story({ open, product }) {
  const { page } = await open({ signedIn: false });
  await page.goto(`${product.url}/app/`);
  const field = page.getByLabel("API key");
  await field.fill("not-the-key");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").filter({ hasText: "This is not the server's key." }).waitFor();

  await field.fill(product.key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("status").filter({ hasText: "Linked to Edgerunner" }).waitFor();
  await page.getByRole("navigation", { name: "Places" }).waitFor();
  check(!page.url().includes(product.key), "the key is not in the address");
}
