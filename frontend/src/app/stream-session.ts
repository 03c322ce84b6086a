import type { Credential } from "@/api/credential";
import { type StreamState, streamStore } from "@/stream/store";
import type { Stream } from "@/stream/stream";
import { useSession } from "./session";

const STREAM_REFUSED = "The server does not let this sign-in read its stream.";
/** Between two tries to renew a refused token while the server does not answer, ms. */
const ASK_AGAIN_MS = 5_000;

/**
 * Keep the stream authenticated: a newer token is told to the open socket, a refused one is renewed and the socket
 * opened again. A stream that refuses a token that is brand-new ends the session. Returns the end of it.
 */
export function keepAuthenticated(
  stream: Stream,
  credential: Credential,
  streamed: () => string,
): () => void {
  let timer: number | undefined;
  let renewedFor: string | null = null;

  async function reopen(): Promise<void> {
    const refused = streamed();
    if (refused === renewedFor) {
      useSession.getState().signOut(STREAM_REFUSED);
      return;
    }
    try {
      renewedFor = await credential.renewed(refused);
      if (renewedFor !== null) stream.start();
    } catch {
      timer = window.setTimeout(reopen, ASK_AGAIN_MS);
    }
  }

  function onLink({ link }: StreamState, before: StreamState): void {
    if (link.phase === before.link.phase) return;
    if (link.phase === "unauthorized") void reopen();
    if (link.phase === "open") renewedFor = null;
  }

  const ends = [
    streamStore.subscribe(onLink),
    useSession.subscribe(({ proof }) => {
      if (proof !== null && credential.token() !== streamed()) stream.authenticate();
    }),
  ];
  return () => {
    for (const end of ends) end();
    window.clearTimeout(timer);
  };
}
