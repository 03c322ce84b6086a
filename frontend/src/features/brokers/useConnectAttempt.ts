import { useState } from "react";
import { answerOf } from "@/api/client";
import { ApiProblem, unreachable } from "@/api/problem";
import { type Connection, type ConnectRequest, connect } from "@/api/queries/connections";
import { useServices } from "@/app/services";

export type Attempt =
  | { readonly phase: "none" }
  | { readonly phase: "trying" }
  | { readonly phase: "refused"; readonly problem: ApiProblem }
  | { readonly phase: "connected"; readonly connection: Connection };

/** One try to connect at a time. The request, with its secrets, is handed on and kept nowhere. */
export function useConnectAttempt() {
  const { api } = useServices();
  const [attempt, setAttempt] = useState<Attempt>({ phase: "none" });

  /** `replaces`: a connection to remove first, since its name is taken as long as it is there. */
  async function start(body: ConnectRequest, replaces: string | null): Promise<boolean> {
    setAttempt({ phase: "trying" });
    try {
      if (replaces !== null) await removeIfThere(replaces);
      setAttempt({ phase: "connected", connection: await connect(api, body) });
      return true;
    } catch (error) {
      setAttempt({ phase: "refused", problem: unreachable(error) });
      return false;
    }
  }

  /** A second try finds the connection removed by the first one. */
  async function removeIfThere(connectionId: string): Promise<void> {
    const params = { path: { connection_id: connectionId } };
    try {
      await answerOf(api.DELETE("/broker/connections/{connection_id}", { params }));
    } catch (error) {
      if (!(error instanceof ApiProblem && error.code === "not_found")) throw error;
    }
  }

  return { attempt, start };
}
