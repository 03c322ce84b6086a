import { createHmac } from "node:crypto";

/** A password that the server takes. */
export const PASSWORD = "orange kite 49 lanterns";

/** Make a person past the screen. */
export async function addPerson(product, user, role) {
  await product.ask("POST", "/users", { user, role, password: PASSWORD });
}

/** Forget everybody whom a story has made. */
export async function forgetPeople(product) {
  const { users } = await product.ask("GET", "/users");
  for (const { user } of users) await product.ask("DELETE", `/users/${user}`);
}

/** Fill the form of names and passwords and send it; what comes of it is the caller's to wait for. */
export async function enterPassword(screen, user, password = PASSWORD) {
  const { page, origin } = screen;
  await page.goto(`${origin}/app/`);
  await page.getByRole("radio", { name: "Name and password" }).check({ force: true });
  await page.getByLabel("Name", { exact: true }).fill(user);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** A page where somebody is signed in by name and password. */
export async function signedIn(open, user, options = {}) {
  const screen = await open({ ...options, signedIn: false });
  await enterPassword(screen, user);
  await screen.linked();
  return screen;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP_S = 30;

/** The code that an authenticator shows `steps` half minutes from now (RFC 6238: SHA-1, six digits). */
export function codeOf(secret, steps = 0) {
  const bits = [...secret].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / STEP_S) + steps));
  const digest = createHmac("sha1", key).update(counter).digest();
  const at = digest[19] & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
