/** The server's rule, so that the field can say it before anything is sent; the server knows the common ones too. */
export const SHORTEST_PASSWORD = 12;
export const PASSWORD_RULE = `At least ${SHORTEST_PASSWORD} characters, and none that everybody knows.`;

/** What keeps a new password from being sent; undefined = nothing. */
export function passwordError(password: string): string | undefined {
  const missing = SHORTEST_PASSWORD - [...password].length;
  if (missing <= 0) return undefined;
  return missing === 1 ? "one character is missing" : `${missing} characters are missing`;
}
