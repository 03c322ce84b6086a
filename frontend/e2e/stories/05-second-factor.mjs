import { addPerson, codeOf, enterPassword, forgetPeople, PASSWORD, signedIn } from "../harness/people.mjs";
import { check, checkEqual, until } from "../harness/waiting.mjs";

export const name =
  "a second factor is set up by its picture, asked for at sign-in, replaced by a recovery code, and taken away again";

export async function story({ open, product }) {
  await addPerson(product, "tom", "trader");
  try {
    const screen = await signedIn(open, "tom");
    const { page } = screen;
    await screen.visit("/settings/account");
    const recovery = await setUp(screen);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();

    await asksForCode(screen, "000000");
    await page.getByRole("alert").filter({ hasText: "do not belong together" }).waitFor();
    await page.getByLabel("Code").fill(recovery);
    await page.getByRole("button", { name: "Sign in" }).click();
    await screen.linked();
    await takeAway(screen);
  } finally {
    await forgetPeople(product);
  }
}

/** Returns one of the recovery codes. */
async function setUp(screen) {
  const { page } = screen;
  await page.getByRole("button", { name: "Set it up" }).click();
  const dialog = await screen.dialogInSight("Set up the second factor");
  const picture = dialog.getByRole("img", { name: /QR code/ });
  await until("the picture is drawn", () =>
    picture.evaluate((image) => image.complete && image.naturalWidth > 20),
  );
  const secret = (await dialog.locator("code").first().innerText()).trim();
  await dialog.getByLabel("Code that the app shows").fill("000000");
  await dialog.getByRole("button", { name: "Turn it on" }).click();
  await dialog.getByText("is not the code of the authenticator now").first().waitFor();
  await dialog.getByLabel("Code that the app shows").fill(codeOf(secret));
  await dialog.getByRole("button", { name: "Turn it on" }).click();
  await dialog.getByText("It is on.").waitFor();
  await page.keyboard.press("Escape");
  check(await dialog.isVisible(), "codes that are shown once do not vanish by Escape");
  const codes = (await dialog.locator("code").innerText()).trim().split("\n");
  checkEqual(codes.length, 10, "recovery codes");
  await dialog.getByRole("button", { name: "I keep them safe" }).click();
  await page.getByText("On: signing in asks for a code").waitFor();
  return codes[0];
}

async function asksForCode(screen, code) {
  const { page } = screen;
  await enterPassword(screen, "tom");
  const field = page.getByLabel("Code");
  await field.waitFor();
  checkEqual(
    await field.evaluate((each) => each === document.activeElement),
    true,
    "whether the code has the focus",
  );
  await field.fill(code);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function takeAway(screen) {
  const { page } = screen;
  await screen.visit("/settings/account");
  await page.getByLabel("Password, to take it away").fill(PASSWORD);
  await page.getByRole("button", { name: "Take the second factor away" }).click();
  await page.getByText("Sign in with your password alone.").waitFor();
  await enterPassword(screen, "tom");
  await screen.linked();
}
