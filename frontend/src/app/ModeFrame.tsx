import { type ReactNode, useEffect } from "react";
import type { Schemas } from "@/api/client";
import { gravest, MODE_WORDS, type Mode, modeOf } from "@/domain/mode";
import { useRows } from "@/stream/hooks";

const BORDERS: Readonly<Record<Mode, string>> = {
  simulated: "border-mode-simulated",
  local: "border-mode-local",
  paper: "border-mode-paper",
  live: "border-mode-live",
};

/** The gravest mode of what is connected frames the whole page, and stands in the tab's title. */
export function ModeFrame({ children }: { readonly children: ReactNode }) {
  const mode = useGravestMode();
  useEffect(() => {
    document.title = `${mode === "live" ? "\u26a0 " : ""}${MODE_WORDS[mode].badge} - Edgerunner OS`;
  }, [mode]);
  return (
    <div
      data-mode={mode}
      className={`flex h-dvh flex-col border-t-4 ${mode === "live" ? "border-4" : ""} ${BORDERS[mode]}`}
    >
      {children}
    </div>
  );
}

/** The gravest mode over all accounts of all connections, as the server tells them. */
export function useGravestMode(): Mode {
  const connections = useRows<Schemas["ConnectionAnswer"]>("connections");
  return gravest(
    connections.flatMap((connection) =>
      connection.accounts.length === 0
        ? [modeOf(connection, null)]
        : connection.accounts.map((account) => modeOf(connection, account)),
    ),
  );
}
