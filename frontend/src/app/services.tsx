import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo } from "react";
import { useStore } from "zustand";
import { type Api, createApi } from "@/api/client";
import { ApiProblem } from "@/api/problem";
import { StreamContext } from "@/stream/hooks";
import { streamStore } from "@/stream/store";
import { createStream } from "@/stream/stream";
import { addressesOf, type Config } from "./config";
import { useSession } from "./session";

type Services = { readonly api: Api; readonly config: Config };

export const ServicesContext = createContext<Services | null>(null);

/** The API client and the server's configuration; throws outside of a signed-in page. */
export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new Error("no services: the page is not signed in");
  return services;
}

function currentKey(): string {
  return useSession.getState().key ?? "";
}

/** One API client, one query cache and one socket for as long as somebody is signed in. */
export function ServicesProvider({
  config,
  children,
}: {
  readonly config: Config;
  readonly children: ReactNode;
}) {
  const parts = useMemo(() => {
    const addresses = addressesOf(config, window.location.href);
    const queries = new QueryClient({
      defaultOptions: { queries: { staleTime: 10_000, retry: isWorthRetrying } },
    });
    return {
      services: { api: createApi(addresses.api, currentKey), config },
      stream: createStream(addresses.stream, currentKey),
      queries,
    };
  }, [config]);
  const isUnauthorized = useStore(streamStore, (state) => state.link.phase === "unauthorized");
  const signOut = useSession((session) => session.signOut);

  useEffect(() => {
    parts.stream.start();
    return () => parts.stream.stop();
  }, [parts]);

  useEffect(() => {
    if (isUnauthorized) signOut("The server does not accept this key any more.");
  }, [isUnauthorized, signOut]);

  return (
    <ServicesContext value={parts.services}>
      <StreamContext value={parts.stream}>
        <QueryClientProvider client={parts.queries}>{children}</QueryClientProvider>
      </StreamContext>
    </ServicesContext>
  );
}

/** Ask again only when nothing answered: what the server refused it would refuse again. */
function isWorthRetrying(failures: number, error: Error): boolean {
  return failures < 2 && error instanceof ApiProblem && (error.status === 0 || error.status >= 502);
}
