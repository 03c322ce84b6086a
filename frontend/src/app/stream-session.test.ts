// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { setLink } from "@/stream/store";
import { useSession } from "./session";
import { keepAuthenticated } from "./stream-session";

let calls: string[];
let end: () => void;
let streamed: string;
let answer: () => Promise<string | null>;

const TOKENS = { access: "a1", refresh: "r1", expiresAt: "2026-11-23T12:15:00Z" };

beforeEach(() => {
  vi.useFakeTimers();
  calls = [];
  streamed = "a1";
  answer = async () => "a2";
  setLink({ phase: "open" });
  useSession.setState({ proof: { kind: "tokens", tokens: TOKENS }, reason: null });
  const stream = {
    start: () => calls.push("start"),
    stop: () => undefined,
    retryNow: () => undefined,
    authenticate: () => calls.push("authenticate"),
    subscribe: () => () => undefined,
  };
  const credential = {
    token: () => {
      const { proof } = useSession.getState();
      return proof?.kind === "tokens" ? proof.tokens.access : "";
    },
    renewed: (refused: string) => {
      calls.push(`renew ${refused}`);
      return answer();
    },
  };
  end = keepAuthenticated(stream, credential, () => streamed);
});

afterEach(() => {
  end();
  vi.useRealTimers();
});

async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

it("a newer token is told to the open socket", () => {
  useSession.getState().signInByTokens({ ...TOKENS, access: "a2" });
  expect(calls).toEqual(["authenticate"]);
});

it("signing out tells the socket nothing", () => {
  useSession.getState().signOut();
  expect(calls).toEqual([]);
});

it("a refused token is renewed and the socket opened again", async () => {
  setLink({ phase: "unauthorized" });
  await settled();
  expect(calls).toEqual(["renew a1", "start"]);
});

it("while nobody answers the renewal is tried again", async () => {
  answer = () => Promise.reject(new Error("away"));
  setLink({ phase: "unauthorized" });
  await settled();
  answer = async () => "a2";
  await vi.advanceTimersByTimeAsync(5_000);
  expect(calls).toEqual(["renew a1", "renew a1", "start"]);
});

it("a stream that refuses a brand-new token ends the session instead of asking for ever", async () => {
  setLink({ phase: "unauthorized" });
  await settled();
  streamed = "a2";
  setLink({ phase: "connecting", attempt: 1 });
  setLink({ phase: "unauthorized" });
  await settled();
  expect(calls).toEqual(["renew a1", "start"]);
  expect(useSession.getState()).toMatchObject({
    proof: null,
    reason: "The server does not let this sign-in read its stream.",
  });
});
