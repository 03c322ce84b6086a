import { ApiProblem } from "@/api/problem";

/** What the server said, word for word, with its code; nothing without an error. */
export function ProblemNote({ error }: { readonly error: Error | null }) {
  if (error === null) return null;
  return (
    <p role="alert" className="m-0 text-sm break-words text-danger">
      {error.message} {error instanceof ApiProblem && <code className="text-xs">{error.code}</code>}
    </p>
  );
}
