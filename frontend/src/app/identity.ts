import type { Schemas } from "@/api/client";
import { ApiProblem, problemOf, unreachable } from "@/api/problem";
import type { Tokens } from "./session";

type Issued = Pick<Schemas["TokensAnswer"], "access_token" | "refresh_token" | "expires_at">;

/** Sign in with a password; throws `ApiProblem`, with the code `second_factor_required` when a code is asked for. */
export async function logIn(
  api: string,
  user: string,
  password: string,
  code: string | null,
): Promise<Tokens> {
  const body = code === null ? { user, password } : { user, password, code };
  return tokensOf(await posted<Issued>(`${api}/auth/login`, body));
}

/** Spend a refresh token for the next pair; throws `ApiProblem`. */
export async function refresh(api: string, token: string): Promise<Tokens> {
  return tokensOf(await posted<Issued>(`${api}/auth/refresh`, { refresh_token: token }));
}

/** Throws `ApiProblem` unless the server takes the key. */
export async function tryKey(api: string, key: string): Promise<void> {
  await answered(`${api}/auth/me`, { headers: { Authorization: `Bearer ${key}` } });
}

/** End the session at the server. The page may be closing: the browser sends it nevertheless. */
export async function logOut(api: string, access: string): Promise<void> {
  await answered(`${api}/auth/logout`, {
    method: "POST",
    keepalive: true,
    headers: { Authorization: `Bearer ${access}` },
  });
}

function tokensOf({ access_token, refresh_token, expires_at }: Issued): Tokens {
  return { access: access_token, refresh: refresh_token, expiresAt: expires_at };
}

async function posted<Data>(address: string, body: object): Promise<Data> {
  const answer = await answered(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Data;
}

async function answered(address: string, request: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(address, request);
  } catch (error) {
    throw unreachable(error);
  }
  if (answer.ok) return answer;
  const told: unknown = await answer.json().catch(() => null);
  throw problemOf(told, answer);
}

/** Whether the server refused, instead of not answering or failing. */
export function isRefusal(error: unknown): error is ApiProblem {
  return error instanceof ApiProblem && error.status >= 400 && error.status < 500 && error.status !== 429;
}
