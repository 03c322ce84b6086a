import { type Api, answerOf, doneOf, type Schemas } from "../client";

/** A second factor that waits for its first code. */
export type SecondFactor = Schemas["TotpAnswer"];

/** Functions instead of mutations of the query library: it would keep passwords and codes in its cache. */
export function changePassword(api: Api, current: string, next: string): Promise<void> {
  return doneOf(api.POST("/auth/password", { body: { current, new: next } }));
}

/** Make a secret for an authenticator; it counts once a code of it was confirmed. */
export function beginSecondFactor(api: Api): Promise<SecondFactor> {
  return answerOf(api.POST("/auth/totp"));
}

/** Confirm it by a code; the recovery codes are told this once. */
export async function confirmSecondFactor(api: Api, code: string): Promise<readonly string[]> {
  return (await answerOf(api.POST("/auth/totp/confirm", { body: { code } }))).recovery_codes;
}

export function removeSecondFactor(api: Api, password: string): Promise<void> {
  return doneOf(api.POST("/auth/totp/remove", { body: { password } }));
}
