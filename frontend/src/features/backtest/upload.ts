import type { Upload } from "@/api/queries/datasets";

export type UploadDraft = {
  readonly file: File | null;
  readonly instrumentId: string;
  readonly name: string;
  readonly timeframe: string;
  readonly timezone: string;
  readonly repairs: readonly string[];
};

export const EMPTY_UPLOAD: UploadDraft = {
  file: null,
  instrumentId: "",
  name: "",
  timeframe: "",
  timezone: "",
  repairs: [],
};

export const REPAIRS: readonly { readonly name: string; readonly words: string }[] = [
  { name: "skip_bad_rows", words: "leave bad rows out" },
  { name: "sort", words: "put rows in the order of their times" },
  { name: "drop_duplicates", words: "of bars with the same time keep the first" },
];

/** What keeps a file from being sent, by the API's names of the fields. */
export function uploadErrors(draft: UploadDraft): Readonly<Record<string, string>> {
  const errors: Record<string, string> = {};
  if (draft.file === null) errors.file = "choose a file";
  if (draft.instrumentId.trim() === "") errors.instrument_id = "name the instrument";
  return errors;
}

/** The form fields beside the file; what was left empty is told from the file. */
export function uploadFields(draft: UploadDraft): Upload["fields"] {
  const optional = {
    name: draft.name.trim(),
    timeframe: draft.timeframe,
    timezone: draft.timezone.trim(),
    repairs: draft.repairs.join(","),
  };
  const set = Object.entries(optional).filter(([, value]) => value !== "");
  return { instrument_id: draft.instrumentId.trim(), ...Object.fromEntries(set) };
}
