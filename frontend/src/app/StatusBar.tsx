import { useStore } from "zustand";
import { useStream } from "@/stream/hooks";
import type { LinkStatus } from "@/stream/link";
import { streamStore } from "@/stream/store";
import { Button } from "@/ui/Button";
import { useServices } from "./services";

/** The link to our own server, apart from the brokers'. */
export function StatusBar() {
  const link = useStore(streamStore, (state) => state.link);
  const stream = useStream();
  const { config } = useServices();
  return (
    <footer className="flex min-h-6 items-center gap-3 border-t border-line bg-surface px-2 text-xs text-muted">
      <span role="status" className={link.phase === "open" ? "text-muted" : "font-medium text-warn"}>
        {linkWords(link)}
      </span>
      {link.phase === "waiting" && (
        <Button look="quiet" className="min-h-5 px-1 text-xs" onClick={stream.retryNow}>
          Try now
        </Button>
      )}
      <span className="ml-auto">
        {config.name} {config.version}
      </span>
    </footer>
  );
}

function linkWords(link: LinkStatus): string {
  switch (link.phase) {
    case "open":
      return "Linked to Edgerunner";
    case "connecting":
      return link.attempt === 1 ? "Linking to Edgerunner" : `Linking to Edgerunner, attempt ${link.attempt}`;
    case "waiting":
      return `No link to Edgerunner: ${link.reason}. Everything shown is old.`;
    case "unauthorized":
      return "The key was refused";
    case "closed":
      return "Not linked";
  }
}
