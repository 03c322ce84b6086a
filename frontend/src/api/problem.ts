/** An error as the API tells it (RFC 9457); `errors` name the fields of a request. */
export type FieldProblem = { readonly field: string; readonly code: string; readonly message: string };

export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: readonly FieldProblem[] = [],
  ) {
    super(detail);
    this.name = "ApiProblem";
  }
}

type Told = {
  readonly status?: number;
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly FieldProblem[];
};

/** What an error answer says; an answer of something in between (a proxy) has no code of ours. */
export function problemOf(told: unknown, response: Response): ApiProblem {
  const { code, detail, errors } = (typeof told === "object" && told !== null ? told : {}) as Told;
  return new ApiProblem(
    response.status,
    code ?? "unreachable",
    detail ?? `the server answered ${response.status} ${response.statusText}`.trim(),
    errors ?? [],
  );
}

/** No answer at all: the server is down, or the network is. */
export function unreachable(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem(0, "unreachable", "the server does not answer");
}
