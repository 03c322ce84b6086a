import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter } from "react-router";
import { vi } from "vitest";
import { createApi } from "@/api/client";
import type { Me } from "@/api/queries/me";
import { MeContext } from "@/app/access";
import type { Config } from "@/app/config";
import { ServicesContext } from "@/app/services";
import { StreamContext } from "@/stream/hooks";
import type { Row } from "@/stream/protocol";
import { streamStore, takeIn } from "@/stream/store";

/** One request as the fake server got it. */
export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: unknown;
};

export type Answer = { readonly status: number; readonly body: unknown };

/** Answers a request; null = no such path (404), a thrown error = nobody answers. */
export type FakeServer = (asked: Asked) => Answer | Promise<Answer> | null;

/** The installation's own key: everything is allowed. */
export const OWNER: Me = {
  actor: "api-key",
  user: null,
  role: "admin",
  rights: ["read", "trade", "strategies", "research", "admin"],
  credential: "owner",
  expires_at: null,
  totp_enabled: false,
};

/** A signed-in page on a fake server and a stream without a socket; returns what the server was asked. */
export function showPage(content: ReactNode, server: FakeServer, me: Me = OWNER) {
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const text = await request.text();
    const one = {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: text === "" ? null : JSON.parse(text),
    };
    asked.push(one);
    const answer = (await server(one)) ?? {
      status: 404,
      body: { code: "not_found", detail: `no ${url.pathname}`, errors: [] },
    };
    return new Response(JSON.stringify(answer.body), {
      status: answer.status,
      headers: { "Content-Type": "application/json" },
    });
  });
  const services = { api: createApi("http://server.test", CREDENTIAL), config: {} as Config };
  const stream = {
    start: nothing,
    stop: nothing,
    retryNow: nothing,
    authenticate: nothing,
    subscribe: () => nothing,
  };
  const view = render(
    <ServicesContext value={services}>
      <StreamContext value={stream}>
        <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
          <MeContext value={me}>
            <MemoryRouter>{content}</MemoryRouter>
          </MeContext>
        </QueryClientProvider>
      </StreamContext>
    </ServicesContext>,
  );
  return { ...view, asked };
}

const CREDENTIAL = { token: () => "key", renewed: async () => null };

function nothing(): void {}

/** The server's stream begins: the link is open, nothing was told yet. */
export function openStream(): void {
  streamStore.setState({ link: { phase: "open" }, channels: {} });
}

let seq = 0;

/** The stream tells the whole of a channel, as a snapshot does. */
export function streamTells(channel: string, data: Row | null): void {
  seq += 1;
  const ts = "2026-11-23T12:00:00.000000Z";
  takeIn([
    { channel, kind: "snapshot", seq, epoch: "test", ts, data } as Parameters<typeof takeIn>[0][number],
  ]);
}
