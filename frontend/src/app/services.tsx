import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo } from "react";
import { type Api, createApi } from "@/api/client";
import { ApiProblem } from "@/api/problem";
import { fetchMe } from "@/api/queries/me";
import { StreamContext } from "@/stream/hooks";
import { createStream } from "@/stream/stream";
import { MeContext } from "./access";
import { addressesOf, type Config } from "./config";
import { createCredential, renewInTime } from "./credential";
import { keepAuthenticated } from "./stream-session";
import { Waiting } from "./Waiting";

type Services = { readonly api: Api; readonly config: Config };

export const ServicesContext = createContext<Services | null>(null);

/** The API client and the server's configuration; throws outside of a signed-in page. */
export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new Error("no services: the page is not signed in");
  return services;
}

/** One API client, one query cache and one socket for as long as somebody is signed in. */
export function ServicesProvider({
  config,
  children,
}: {
  readonly config: Config;
  readonly children: ReactNode;
}) {
  const parts = useMemo(() => partsOf(config), [config]);

  useEffect(() => {
    const { credential, stream, streamed } = parts;
    const ends = [renewInTime(credential), keepAuthenticated(stream, credential, streamed)];
    stream.start();
    return () => {
      for (const end of ends) end();
      stream.stop();
    };
  }, [parts]);

  return (
    <ServicesContext value={parts.services}>
      <StreamContext value={parts.stream}>
        <QueryClientProvider client={parts.queries}>
          <KnownPerson>{children}</KnownPerson>
        </QueryClientProvider>
      </StreamContext>
    </ServicesContext>
  );
}

function partsOf(config: Config) {
  const addresses = addressesOf(config, window.location.href);
  const credential = createCredential(addresses.api);
  let streamed = "";
  const stream = createStream(addresses.stream, () => {
    streamed = credential.token();
    return streamed;
  });
  const queries = new QueryClient({
    defaultOptions: { queries: { staleTime: 10_000, retry: isWorthRetrying } },
  });
  return {
    services: { api: createApi(addresses.api, credential), config },
    credential,
    stream,
    streamed: () => streamed,
    queries,
  };
}

/** Nothing is shown before the server has told who is there: what may be done depends on it. */
function KnownPerson({ children }: { readonly children: ReactNode }) {
  const { api } = useServices();
  const me = useQuery({ queryKey: ["me"], staleTime: Number.POSITIVE_INFINITY, queryFn: () => fetchMe(api) });
  if (me.data === undefined) return <Waiting error={me.error} onRetry={() => void me.refetch()} />;
  return <MeContext value={me.data}>{children}</MeContext>;
}

/** Ask again only when nothing answered: what the server refused it would refuse again. */
function isWorthRetrying(failures: number, error: Error): boolean {
  return failures < 2 && error instanceof ApiProblem && (error.status === 0 || error.status >= 502);
}
