import { useState } from "react";
import { type Dataset, isDownloading, useDatasets, useEndDownload } from "@/api/queries/datasets";
import { Button } from "@/ui/Button";
import { type Column, DataTable } from "@/ui/DataTable";
import { Panel } from "@/ui/Panel";
import { ProblemNote } from "@/ui/ProblemNote";
import { queryState } from "@/ui/queryState";
import { Coverage } from "./Coverage";
import { DeleteDataset } from "./DeleteDataset";
import { DownloadDataset } from "./DownloadDataset";
import { UploadDataset } from "./UploadDataset";

const EMPTY = {
  title: "No dataset is stored",
  hint: "Upload a file of bars, or download history from a connection. Runs on a dataset can be repeated for ever.",
};

/** Stored history: what each dataset covers and what is odd about it. */
export function DatasetList() {
  const datasets = useDatasets();
  const end = useEndDownload();
  const [shown, setShown] = useState<"upload" | "download" | null>(null);
  const [doomed, setDoomed] = useState<Dataset | null>(null);
  const rows = datasets.data ?? [];
  return (
    <>
      <Panel
        title="Datasets"
        state={queryState(datasets, { isEmpty: rows.length === 0, ...EMPTY })}
        actions={
          <>
            <Button needs="research" onClick={() => setShown("upload")}>
              Upload
            </Button>
            <Button needs="research" onClick={() => setShown("download")}>
              Download
            </Button>
          </>
        }
        className="min-h-40"
      >
        <ProblemNote error={end.error} />
        <DataTable
          caption="Datasets"
          columns={columnsOf(end.mutate, setDoomed)}
          rows={rows}
          keyOf={({ dataset_id }) => dataset_id}
        />
      </Panel>
      {shown === "upload" && <UploadDataset onClose={() => setShown(null)} />}
      {shown === "download" && <DownloadDataset onClose={() => setShown(null)} />}
      {doomed !== null && <DeleteDataset dataset={doomed} onClose={() => setDoomed(null)} />}
    </>
  );
}

function columnsOf(
  onEnd: (datasetId: string) => void,
  onDelete: (dataset: Dataset) => void,
): readonly Column<Dataset>[] {
  return [
    {
      name: "Dataset",
      cell: ({ name, instrument_id, timeframe, kind }) => (
        <>
          <span className="max-md:whitespace-normal">{name}</span>
          <div className="text-xs break-all text-muted max-md:whitespace-normal">
            {instrument_id}, {timeframe ?? kind}
          </div>
        </>
      ),
    },
    { name: "Covers", cell: (dataset) => <Coverage dataset={dataset} /> },
    {
      name: "Do",
      cell: (dataset) =>
        isDownloading(dataset) ? (
          <Button
            needs="research"
            aria-label={`End the download of ${dataset.name}`}
            onClick={() => onEnd(dataset.dataset_id)}
          >
            End download
          </Button>
        ) : (
          <Button
            look="quiet"
            needs="research"
            aria-label={`Delete ${dataset.name}`}
            onClick={() => onDelete(dataset)}
          >
            Delete
          </Button>
        ),
    },
  ];
}
