import type { RunDraft } from "./request";

/** What every part of the form takes; errors by the API's names of the fields. */
export type FieldProps = {
  readonly draft: RunDraft;
  readonly errors: Readonly<Record<string, string>>;
  readonly onChange: (part: Partial<RunDraft>) => void;
};
