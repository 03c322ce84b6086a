import { addPerson, forgetPeople, PASSWORD, signedIn } from "../harness/people.mjs";
import { check, checkEqual, until } from "../harness/waiting.mjs";

export const name =
  "an access token that has ended is renewed once and unseen; a password that changes ends the session in calm words";

export async function story({ open, product }) {
  await addPerson(product, "rita", "trader");
  try {
    const screen = await signedIn(open, "rita");
    await renewsAnEndedToken(screen);
    await renewsBeforeTheEnd(screen);
    await changesThePassword(screen);
  } finally {
    await forgetPeople(product);
  }
}

/** The next page of the tab finds an access token that the server refuses, as after a night with the lid closed. */
async function renewsAnEndedToken(screen) {
  const { page } = screen;
  await page.addInitScript(() => {
    const left = sessionStorage.getItem("edgerunner.tokens");
    if (left === null || sessionStorage.getItem("story.spoilt") !== null) return;
    sessionStorage.setItem("story.spoilt", "yes");
    sessionStorage.setItem("edgerunner.tokens", JSON.stringify({ ...JSON.parse(left), access: "ended" }));
  });
  const refreshes = refreshesOf(page);
  await page.reload();
  await screen.linked();
  await until("the page has its facts", () => page.getByRole("link", { name: /rita/ }).isVisible());
  checkEqual(refreshes.length, 1, "refreshes after a refused token");
}

/** Fourteen minutes later, by the page's own clock, newer tokens come and the open socket is told. */
async function renewsBeforeTheEnd({ page }) {
  const refreshes = refreshesOf(page);
  const told = authenticationsOf(page);
  await page.clock.install();
  await page.reload();
  await page.getByRole("status").filter({ hasText: "Linked to Edgerunner" }).waitFor();
  const before = told.length;
  await page.clock.fastForward("14:10");
  await until("tokens were renewed", () => refreshes.length > 0);
  await until("the stream has the newer token", () => told.length > before);
  await page.getByRole("status").filter({ hasText: "Linked to Edgerunner" }).waitFor();
  check(new Set(told).size > 1, "the newer token is another one");
}

async function changesThePassword({ page, origin }) {
  await page.goto(`${origin}/app/settings/account`);
  await page.getByLabel("Password now").fill("not the password");
  await page.getByLabel("New password", { exact: true }).fill(`${PASSWORD} more`);
  await page.getByLabel("New password again").fill(`${PASSWORD} more`);
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Password now").fill(PASSWORD);
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("The password is changed. Sign in with the new one.").waitFor();
}

function refreshesOf(page) {
  const found = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/auth/refresh")) found.push(request.url());
  });
  return found;
}

/** The tokens that the page's sockets send, as they go out. */
function authenticationsOf(page) {
  const found = [];
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => {
      const { op, token } = JSON.parse(String(payload));
      if (op === "authenticate") found.push(token);
    }),
  );
  return found;
}
