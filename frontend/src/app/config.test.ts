import { afterEach, expect, it, vi } from "vitest";
import { addressesOf, loadConfig } from "./config";

const FACTS = { name: "Edgerunner OS", version: "1", base_currency: "USD", live_allowed: false };

afterEach(() => vi.unstubAllGlobals());

/** Answers by address; an address that is not listed does not answer. */
function servers(answers: Readonly<Record<string, unknown>>): void {
  vi.stubGlobal("fetch", async (address: string) => {
    if (!(address in answers)) throw new TypeError("Failed to fetch");
    return new Response(JSON.stringify(answers[address]));
  });
}

it("the server that serves the page tells everything", async () => {
  const own = { ...FACTS, api_path: "/", stream_path: "/ws/broker" };
  servers({ "http://desk.test/config.json": own });
  expect(await loadConfig("http://desk.test/app/trade")).toEqual(own);
  expect(addressesOf(own, "https://desk.test/app/trade")).toEqual({
    api: "https://desk.test",
    stream: "wss://desk.test/ws/broker",
  });
});

it("a screen that is deployed alone knows the places, and asks the API for the rest", async () => {
  const places = { api_path: "https://api.test", stream_path: "wss://api.test/ws/broker" };
  servers({
    "https://screen.test/config.json": places,
    "https://api.test/config.json": { ...FACTS, api_path: "/", stream_path: "/ws/broker" },
  });
  const config = await loadConfig("https://screen.test/app/");
  expect(config).toEqual({ ...FACTS, ...places });
  expect(addressesOf(config, "https://screen.test/app/").stream).toBe("wss://api.test/ws/broker");
});

it("an API that does not let the page in is named with what would", async () => {
  servers({ "https://screen.test/config.json": { api_path: "https://api.test", stream_path: "/ws" } });
  await expect(loadConfig("https://screen.test/app/")).rejects.toThrow(
    "does not answer at https://api.test/config.json. It must run, and its EDGERUNNER_CORS_ORIGINS must list https://screen.test.",
  );
});
