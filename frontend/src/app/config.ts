import type { Schemas } from "@/api/client";

export type Config = Schemas["ConfigAnswer"];

/** Where the API and its stream are. A screen that is deployed alone ships a `config.json` with whole addresses. */
export type Addresses = { readonly api: string; readonly stream: string };

/** What a `config.json` must hold; that of a server tells all of `Config`. */
type Places = Pick<Config, "api_path" | "stream_path">;

/**
 * Read `/config.json` of the server that serves the page. One that tells places alone is of a screen that is deployed
 * alone: the rest is asked of the API itself. Throws with a sentence for a person.
 */
export async function loadConfig(page: string): Promise<Config> {
  const own = await read(new URL("/config.json", page).href, "Start it and load the page again.");
  if (isWhole(own)) return own;
  const { api } = addressesOf(own, page);
  const told = await read(
    `${api}/config.json`,
    `It must run, and its EDGERUNNER_CORS_ORIGINS must list ${new URL(page).origin}.`,
  );
  if (!isWhole(told)) throw new Error(`${api}/config.json does not tell what a server tells.`);
  return { ...told, api_path: own.api_path, stream_path: own.stream_path };
}

async function read(address: string, advice: string): Promise<Places> {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (answer.ok) return (await answer.json()) as Places;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`${address} is no JSON.`);
  }
  throw new Error(`The Edgerunner server does not answer at ${address}. ${advice}`);
}

function isWhole(told: Places): told is Config {
  return "version" in told && "base_currency" in told && "live_allowed" in told;
}

/** Resolve the paths or addresses of a configuration against the page's own. */
export function addressesOf({ api_path, stream_path }: Places, page: string): Addresses {
  const stream = new URL(stream_path, page);
  stream.protocol = stream.protocol === "https:" || stream.protocol === "wss:" ? "wss:" : "ws:";
  return { api: new URL(api_path, page).href.replace(/\/$/, ""), stream: stream.href };
}
