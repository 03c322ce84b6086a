import { type Api, answerOf, type Schemas } from "../client";

/** A second factor that waits for its first code. */
export type SecondFactor = Schemas["EnrolmentAnswer"];

/**
 * Change one's password; every session of the person ends with it. Functions instead of mutations of the query
 * library: it would keep passwords and codes in its cache.
 */
export function changePassword(api: Api, current: string, next: string): Promise<unknown> {
  return answerOf(api.POST("/auth/password", { body: { current, new: next } }));
}

/** Make a secret for an authenticator; it counts once a code of it was confirmed. */
export function beginSecondFactor(api: Api): Promise<SecondFactor> {
  return answerOf(api.POST("/auth/totp"));
}

/** Confirm it by a code; the recovery codes are told this once. */
export async function confirmSecondFactor(api: Api, code: string): Promise<readonly string[]> {
  return (await answerOf(api.POST("/auth/totp/confirm", { body: { code } }))).recovery_codes;
}

/** Take it away; every session of the person ends with it. */
export function removeSecondFactor(api: Api, password: string): Promise<unknown> {
  return answerOf(api.POST("/auth/totp/remove", { body: { password } }));
}
