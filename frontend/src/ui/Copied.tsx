import { useState } from "react";
import { Button } from "./Button";

type Props = { readonly label: string; readonly text: string };

/** A text to take away, with a button that copies it and says whether it did. */
export function Copied({ label, text }: Props) {
  const [outcome, setOutcome] = useState<"copied" | "refused" | null>(null);

  function copy(): void {
    // Browsers hand out the clipboard to pages with TLS or on this machine alone.
    if (navigator.clipboard === undefined) setOutcome("refused");
    else
      navigator.clipboard.writeText(text).then(
        () => setOutcome("copied"),
        () => setOutcome("refused"),
      );
  }

  return (
    <div>
      <div className="mb-0.5 flex items-center gap-2 text-xs text-muted">
        {label}
        <span role="status" className="ml-auto">
          {outcome === "copied" && "Copied"}
          {outcome === "refused" && "The browser does not allow it: mark the text and copy it"}
        </span>
        <Button look="quiet" aria-label={`Copy: ${label}`} onClick={copy}>
          Copy
        </Button>
      </div>
      <code className="block rounded-sm border border-line bg-raised p-2 text-xs break-all whitespace-pre-wrap select-all">
        {text}
      </code>
    </div>
  );
}
