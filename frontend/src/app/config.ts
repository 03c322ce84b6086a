import type { Schemas } from "@/api/client";

export type Config = Schemas["ConfigAnswer"];

/** Where the API and its stream are. A screen that is deployed alone ships a `config.json` with whole addresses. */
export type Addresses = { readonly api: string; readonly stream: string };

/** Read `/config.json` of the server that serves the screen. */
export async function loadConfig(): Promise<Config> {
  const answer = await fetch("/config.json", { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`/config.json answered ${answer.status}`);
  return (await answer.json()) as Config;
}

/** Resolve the paths or addresses of a configuration against the page's own. */
export function addressesOf(config: Pick<Config, "api_path" | "stream_path">, page: string): Addresses {
  const stream = new URL(config.stream_path, page);
  stream.protocol = stream.protocol === "https:" || stream.protocol === "wss:" ? "wss:" : "ws:";
  return { api: new URL(config.api_path, page).href.replace(/\/$/, ""), stream: stream.href };
}
