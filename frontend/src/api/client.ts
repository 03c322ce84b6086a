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
  if (isAboutPassword(request)) return fetch(withToken(request, credential.token()));
  const again = isFile(request) ? null : request.clone();
  const token = credential.token();
  const answer = await fetch(withToken(request, token));
  if (answer.status !== 401) return answer;
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

/** Where 401 may be about a password that was sent, and a second try would count as a second wrong one. */
function isAboutPassword(request: Request): boolean {
  return request.method !== "GET" && new URL(request.url).pathname.includes("/auth/");
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
