import createClient, { type Client } from "openapi-fetch";
import { problemOf, unreachable } from "./problem";
import type { components, paths } from "./schema";

export type Api = Client<paths>;
export type Schemas = components["schemas"];

/** The API at `baseUrl`; `key` is asked for at every call. Orders are marked as sent from a screen. */
export function createApi(baseUrl: string, key: () => string): Api {
  const api = createClient<paths>({ baseUrl });
  api.use({
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${key()}`);
      request.headers.set("X-Edgerunner-Source", "ui");
    },
  });
  return api;
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
