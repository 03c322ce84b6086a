import { ApiProblem } from "@/api/problem";

/** An error in the server's own words, with its code. */
export function ProblemText({
  error,
  className = "",
}: {
  readonly error: Error;
  readonly className?: string;
}) {
  return (
    <p role="alert" className={`m-0 text-sm text-danger ${className}`}>
      {error.message}
      {error instanceof ApiProblem && <code className="ml-1">({error.code})</code>}
    </p>
  );
}
