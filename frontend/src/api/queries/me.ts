import { type Api, answerOf, type Schemas } from "../client";

/** Who the page is signed in as, and what that person may do. */
export type Me = Schemas["MeAnswer"];
export type Right = Me["rights"][number];

export function fetchMe(api: Api): Promise<Me> {
  return answerOf(api.GET("/auth/me"));
}
