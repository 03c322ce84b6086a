/** What proves who asks. The API client and the stream take the newest token from it each time. */
export type Credential = {
  /** Goes into `Authorization: Bearer`. */
  readonly token: () => string;
  /**
   * A newer token than one that the server refused; null when there is none: the session has ended.
   * Rejects with `ApiProblem` when nobody answers: then the session may well go on.
   */
  readonly renewed: (refused: string) => Promise<string | null>;
};
