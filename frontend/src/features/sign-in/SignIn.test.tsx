// @vitest-environment jsdom
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Config } from "@/app/config";
import { useSession } from "@/app/session";
import { useUi } from "@/app/ui-state";
import { SignIn } from "./SignIn";

const CONFIG = { api_path: "http://server.test/", stream_path: "/ws/broker" } as Config;

let asked: { readonly path: string; readonly body: unknown; readonly key: string | null }[];
let answers: { readonly status: number; readonly body: object }[];

beforeEach(() => {
  asked = [];
  vi.stubGlobal("fetch", async (address: string, request: RequestInit) => {
    const headers = new Headers(request.headers);
    const body: unknown = request.body === undefined ? null : JSON.parse(String(request.body));
    asked.push({ path: new URL(address).pathname, body, key: headers.get("Authorization") });
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError("Failed to fetch");
    return Response.json(answer.body, { status: answer.status });
  });
  sessionStorage.clear();
  useSession.setState({ proof: null, reason: null });
  useUi.setState({ signInWay: "password" });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const TOKENS = {
  access_token: "a",
  refresh_token: "r",
  token_type: "bearer",
  expires_at: "2026-11-23T12:15:00Z",
};

function problem(code: string, detail: string, status = 401) {
  return { status, body: { status, code, detail, errors: [] } };
}

async function enter() {
  render(<SignIn config={CONFIG} />);
  const user = userEvent.setup();
  await user.type(screen.getByLabelText("Name"), " anna ");
  await user.type(screen.getByLabelText("Password"), " with blanks ");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  return user;
}

it("name and password become tokens; a password keeps its blanks", async () => {
  answers = [{ status: 200, body: TOKENS }];
  await enter();
  expect(asked[0]).toMatchObject({ path: "/auth/login", body: { user: "anna", password: " with blanks " } });
  expect(useSession.getState().proof).toEqual({
    kind: "tokens",
    tokens: { access: "a", refresh: "r", expiresAt: TOKENS.expires_at },
  });
});

it("a code is asked for when the server wants one, has the focus, and goes out with the rest", async () => {
  answers = [problem("second_factor_required", "send a code"), { status: 200, body: TOKENS }];
  const user = await enter();
  const code = await screen.findByLabelText("Code");
  expect(document.activeElement).toBe(code);
  expect(screen.queryByRole("alert")).toBeNull();
  await user.type(code, "123 456{Enter}");
  expect(asked[1]?.body).toEqual({ user: "anna", password: " with blanks ", code: "123 456" });
});

it("what is wrong is said without telling which part, and a server that is away is no refusal", async () => {
  answers = [problem("unauthorized", "The name, the password or the code is wrong.")];
  const user = await enter();
  expect((await screen.findByRole("alert")).textContent).toBe("Name and password do not belong together.");
  answers = [problem("rate_limited", "too many tries: wait 30 seconds", 429)];
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect((await screen.findByText(/wait 30 seconds/)).role).toBe("alert");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByText("the server does not answer")).toBeTruthy();
  expect(useSession.getState().proof).toBeNull();
});

it("a key is tried before it is kept", async () => {
  useUi.setState({ signInWay: "key" });
  answers = [problem("unauthorized", "no"), { status: 200, body: {} }];
  render(<SignIn config={CONFIG} />);
  const user = userEvent.setup();
  await user.type(screen.getByLabelText("API key"), "k");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  await screen.findByText("This is not a key of this server.");
  expect(useSession.getState().proof).toBeNull();
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(asked.map(({ path, key }) => [path, key])).toEqual([
    ["/auth/me", "Bearer k"],
    ["/auth/me", "Bearer k"],
  ]);
  expect(useSession.getState().proof).toEqual({ kind: "key", key: "k" });
});
