// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { answerOf, createApi } from "@/api/client";
import { createCredential, KEY_REFUSED, renewInTime, SESSION_ENDED, waitOf } from "./credential";
import { useSession } from "./session";

const API = "http://server.test";
const NOW = Date.parse("2026-11-23T12:00:00Z");

type Server = { asked: string[]; answers: boolean; good: string; refreshes: number };
let server: Server;

/** Knows one good access token; a refresh makes the next one, once per refresh token. */
async function serve(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const { pathname } = new URL(request.url);
  const token = request.headers.get("Authorization") ?? "";
  server.asked.push(`${request.method} ${pathname} ${token}`.trim());
  if (!server.answers) throw new TypeError("Failed to fetch");
  if (pathname === "/auth/refresh") {
    const { refresh_token } = (await request.json()) as { refresh_token: string };
    if (refresh_token !== `r${server.refreshes}`) return problem(401);
    server.refreshes += 1;
    server.good = `a${server.refreshes}`;
    const next = { access_token: server.good, refresh_token: `r${server.refreshes}` };
    return Response.json({ ...next, token_type: "bearer", expires_at: "2026-11-23T12:30:00Z" });
  }
  return token === `Bearer ${server.good}` ? Response.json({ orders: [], next_cursor: null }) : problem(401);
}

function problem(status: number): Response {
  return Response.json({ status, code: "unauthorized", detail: "refused", errors: [] }, { status });
}

beforeEach(() => {
  server = { asked: [], answers: true, good: "a0", refreshes: 0 };
  vi.stubGlobal("fetch", serve);
  vi.useFakeTimers({ now: NOW });
  useSession.setState({ proof: null, reason: null });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function signedIn(access: string, refresh: string, expiresAt = "2026-11-23T12:15:00Z") {
  useSession.getState().signInByTokens({ access, refresh, expiresAt });
  const credential = createCredential(API);
  return { credential, api: createApi(API, credential) };
}

it("a token that has ended is renewed once for all calls that meet it, and each is asked again", async () => {
  const { api } = signedIn("old", "r0");
  const call = () => answerOf(api.GET("/orders/status"));
  const answers = await Promise.all([call(), call(), call()]);
  expect(answers).toHaveLength(3);
  expect(server.asked.filter((each) => each.includes("/auth/refresh"))).toHaveLength(1);
  expect(server.asked.filter((each) => each.endsWith("Bearer a1"))).toHaveLength(3);
});

it("an order goes out again with its body, since the refused call reached no route", async () => {
  const { api } = signedIn("old", "r0");
  const body = {
    connection_id: "c",
    instrument_id: "i",
    side: "buy",
    order_type: "market",
    quantity: "1",
  } as const;
  await answerOf(api.POST("/trade", { body }));
  expect(server.asked).toEqual(["POST /trade Bearer old", "POST /auth/refresh", "POST /trade Bearer a1"]);
});

it("a wrong password is sent once: a second try would count as a second wrong one", async () => {
  const { api } = signedIn("a0", "r0");
  server.good = "another";
  await expect(answerOf(api.POST("/auth/password", { body: { current: "x", new: "y" } }))).rejects.toThrow();
  expect(server.asked).toEqual(["POST /auth/password Bearer a0"]);
});

it("a refused refresh token ends the session with a calm reason", async () => {
  const { api } = signedIn("old", "spent");
  await expect(answerOf(api.GET("/orders/status"))).rejects.toThrow("refused");
  expect(useSession.getState()).toMatchObject({ proof: null, reason: SESSION_ENDED });
});

it("a server that does not answer ends no session", async () => {
  const { credential } = signedIn("old", "r0");
  server.answers = false;
  await expect(credential.renewed("old")).rejects.toThrow("the server does not answer");
  expect(useSession.getState().proof).not.toBeNull();
});

it("tokens that come after signing out are not kept", async () => {
  const { credential } = signedIn("old", "r0");
  const renewed = credential.renewed("old");
  useSession.getState().signOut();
  expect(await renewed).toBeNull();
  expect(useSession.getState()).toMatchObject({ proof: null, reason: null });
});

it("a refused key signs out at once", async () => {
  useSession.getState().signInByKey("k", { remember: false });
  expect(await createCredential(API).renewed("k")).toBeNull();
  expect(useSession.getState()).toMatchObject({ proof: null, reason: KEY_REFUSED });
});

it("tokens are renewed a minute before they end, however wrong the clock is never more often than twice a minute", async () => {
  expect(waitOf("2026-11-23T12:15:00Z", NOW)).toBe(14 * 60_000);
  expect(waitOf("2026-11-23T11:00:00Z", NOW)).toBe(30_000);

  const { credential } = signedIn("a0", "r0");
  const end = renewInTime(credential);
  await vi.advanceTimersByTimeAsync(14 * 60_000 - 1);
  expect(server.refreshes).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(server.refreshes).toBe(1);
  end();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(server.refreshes).toBe(1);
});

it("while the server is away it is asked again and again", async () => {
  const { credential } = signedIn("a0", "r0");
  const end = renewInTime(credential);
  server.answers = false;
  await vi.advanceTimersByTimeAsync(14 * 60_000 + 30_000);
  expect(server.asked).toHaveLength(2);
  server.answers = true;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(server.refreshes).toBe(1);
  end();
});
