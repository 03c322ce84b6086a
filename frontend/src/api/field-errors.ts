import { ApiProblem } from "./problem";

/** What the server said about single fields, by the path of the field: `parameters.fast`. */
export function fieldErrors(error: Error | null): Readonly<Record<string, string>> {
  if (!(error instanceof ApiProblem)) return {};
  return Object.fromEntries(error.errors.map(({ field, message }) => [field, message]));
}

/** The errors of the fields below a path, by what is left of theirs. */
export function errorsBelow(
  errors: Readonly<Record<string, string>>,
  path: string,
): Readonly<Record<string, string>> {
  const start = `${path}.`;
  return Object.fromEntries(
    Object.entries(errors)
      .filter(([field]) => field.startsWith(start))
      .map(([field, message]) => [field.slice(start.length), message]),
  );
}
