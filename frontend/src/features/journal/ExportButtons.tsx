import { type JournalFormat, useJournalExport } from "@/api/queries/journal";
import { Button } from "@/ui/Button";
import { ProblemNote } from "@/ui/ProblemNote";
import { saveFile } from "@/ui/save-file";

const FORMATS: readonly { readonly format: JournalFormat; readonly word: string }[] = [
  { format: "json", word: "JSON" },
  { format: "csv", word: "CSV" },
  { format: "parquet", word: "Parquet" },
];

/** Saves the whole journal in one of three formats. */
export function ExportButtons() {
  const file = useJournalExport();
  return (
    <fieldset className="m-0 ml-auto flex flex-wrap items-center gap-1 border-0 p-0 max-md:col-span-2 max-md:ml-0">
      <legend className="p-0 text-xs text-muted">Save all of it as</legend>
      {FORMATS.map(({ format, word }) => (
        <Button
          key={format}
          needs="admin"
          disabled={file.isPending}
          onClick={() => file.mutate(format, { onSuccess: (blob) => saveFile(blob, `journal.${format}`) })}
        >
          {file.isPending && file.variables === format ? "Reading" : word}
        </Button>
      ))}
      <ProblemNote error={file.error} />
    </fieldset>
  );
}
