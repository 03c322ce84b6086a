import createClient, { type Client } from "openapi-fetch";
import type { Credential } from "./credential";
import { problemOf, unreachable } from "./problem";
import type { components, paths } from "./schema";

export type Api = Client<paths>;
export type Schemas = components["schemas"];

/** The API at `baseUrl`. Orders are marked as sent from a screen; a token that has ended is renewed once. */
export function createApi(baseUrl: string, credential: Credential): Api {
  return createClient<paths>({ baseUrl, fetch: (request) => sent(request, credential) });
}

/** A refused token reached no route: asking again with a newer one repeats nothing, an order neither. */
async function sent(request: Request, credential: Credential): Promise<Response> {
  request.headers.set("X-Edgerunner-Source", "ui");
  const again = isFile(request) ? null : request.clone();
  const token = credential.token();
  const answer = await fetch(withToken(request, token));
  if (!(await isTokenRefused(answer))) return answer;
  const newer = await credential.renewed(token);
  return newer === null || again === null ? answer : fetch(withToken(again, newer));
}

function withToken(request: Request, token: string): Request {
  request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

/** A copy of a file that is being sent would lie whole in memory. */
function isFile(request: Request): boolean {
  return request.headers.get("Content-Type")?.startsWith("multipart/") ?? false;
}

/** Other 401 answers are about what was asked: a wrong password among them. */
async function isTokenRefused(answer: Response): Promise<boolean> {
  if (answer.status !== 401) return false;
  const told: unknown = await answer
    .clone()
    .json()
    .catch(() => null);
  return problemOf(told, answer).code === "unauthorized";
}

type Answer<Data> = { readonly data?: Data; readonly error?: unknown; readonly response: Response };

/** The data of an answer; throws `ApiProblem` for an error answer and for none at all. */
export async function answerOf<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  let answer: Answer<Data>;
  try {
    answer = await call;
  } catch (error) {
    throw unreachable(error);
  }
  if (answer.error !== undefined || answer.data === undefined) throw problemOf(answer.error, answer.response);
  return answer.data;
}

/** Nothing but that it was done; throws as `answerOf` does. */
export async function doneOf(call: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await call.catch((failure: unknown) => {
    throw unreachable(failure);
  });
  if (!response.ok) throw problemOf(error, response);
}
