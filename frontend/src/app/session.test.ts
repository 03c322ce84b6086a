// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Tokens } from "./session";

const TOKENS: Tokens = { access: "a1", refresh: "r1", expiresAt: "2026-11-23T12:15:00Z" };

beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
});

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** The module as a page has it that is loaded anew. */
async function loadedPage() {
  vi.resetModules();
  const { useSession, keepOverReloads } = await import("./session");
  ends.push(keepOverReloads(window));
  return useSession;
}

function storage(): string {
  return JSON.stringify([{ ...sessionStorage }, { ...localStorage }]);
}

function transition(type: "pagehide" | "pageshow", persisted = false): void {
  window.dispatchEvent(Object.assign(new Event(type), { persisted }));
}

it("tokens lie in no storage while a page uses them, and go on to the tab's next page", async () => {
  const first = await loadedPage();
  first.getState().signInByTokens(TOKENS);
  expect(storage()).not.toContain("r1");

  transition("pagehide");
  for (const end of ends.splice(0)) end();
  const second = await loadedPage();
  expect(second.getState().proof).toEqual({ kind: "tokens", tokens: TOKENS });
  expect(storage()).not.toContain("r1");
});

it("a tab that is copied while its page is open takes no tokens along", async () => {
  (await loadedPage()).getState().signInByTokens(TOKENS);
  for (const end of ends.splice(0)) end();
  expect((await loadedPage()).getState().proof).toBeNull();
});

it("a page that is woken goes on with what the page in between left, and with nothing after signing out there", async () => {
  const page = await loadedPage();
  page.getState().signInByTokens(TOKENS);
  transition("pagehide", true);
  const newer = { ...TOKENS, access: "a2", refresh: "r2" };
  sessionStorage.setItem("edgerunner.tokens", JSON.stringify(newer));
  transition("pageshow", true);
  expect(page.getState().proof).toEqual({ kind: "tokens", tokens: newer });

  transition("pagehide", true);
  sessionStorage.removeItem("edgerunner.tokens");
  transition("pageshow", true);
  expect(page.getState().proof).toBeNull();
});

it("a key is kept for the tab, for the browser when asked to, and forgotten with the session", async () => {
  const page = await loadedPage();
  page.getState().signInByKey("k1", { remember: false });
  expect([sessionStorage.length, localStorage.length]).toEqual([1, 0]);
  page.getState().signOut("because");
  expect([storage(), page.getState().reason]).toEqual(["[{},{}]", "because"]);

  page.getState().signInByKey("k2", { remember: true });
  expect((await loadedPage()).getState().proof).toEqual({ kind: "key", key: "k2" });
});
