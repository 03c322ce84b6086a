import type { Dataset } from "@/api/queries/datasets";
import { coverageShare, coverageWords } from "./coverage-words";

/** How much of its span a dataset covers, as a bar and in words, with what is odd or still on its way. */
export function Coverage({ dataset }: { readonly dataset: Dataset }) {
  const { checks, download, notes, repaired } = dataset;
  const share = coverageShare(dataset);
  return (
    <div className="min-w-0 py-0.5 whitespace-normal">
      {share !== null && (
        <meter
          value={share}
          min={0}
          max={1}
          aria-label="Bars that are there"
          className="h-2 w-full max-w-48"
        />
      )}
      <div>{coverageWords(dataset)}</div>
      {checks !== null && checks.longest_gaps.length > 0 && (
        <details className="text-xs">
          <summary className="cursor-pointer text-warn">Longest gaps</summary>
          <ul className="m-0 pl-4">
            {checks.longest_gaps.slice(0, 5).map(({ before, after, missing }) => (
              <li key={before}>
                {before.slice(0, 16).replace("T", " ")} to {after.slice(0, 16).replace("T", " ")}: {missing}{" "}
                bars
              </li>
            ))}
          </ul>
        </details>
      )}
      {download !== null && download.state !== "completed" && (
        <div className="text-xs">
          download {download.state}, {Math.floor(download.progress * 100)} %{" "}
          <progress
            value={download.progress}
            max={1}
            aria-label="Progress of the download"
            className="h-2 w-24"
          />
          {download.error !== null && <span className="text-danger"> {download.error}</span>}
        </div>
      )}
      {repaired.map(({ what, rows }) => (
        <div key={what} className="text-xs text-warn">
          repaired: {what}, {rows} rows
        </div>
      ))}
      {notes.map((note) => (
        <div key={note} className="text-xs text-muted">
          {note}
        </div>
      ))}
    </div>
  );
}
