import { ProblemText } from "./ProblemText";

/** What the server said about the last try; nothing without an error. */
export function ProblemNote({ error }: { readonly error: Error | null }) {
  return error === null ? null : <ProblemText error={error} className="break-words" />;
}
