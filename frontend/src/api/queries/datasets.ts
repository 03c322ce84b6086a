import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { answerOf, type Schemas } from "../client";

export type Dataset = Schemas["DatasetAnswer"];
export type DownloadRequest = Schemas["DownloadRequestBody"];

const KEY = ["datasets"] as const;

/** Datasets, newest first; asked for every second while one is being downloaded. */
export function useDatasets() {
  const { api } = useServices();
  return useQuery({
    queryKey: KEY,
    refetchInterval: ({ state }) => (state.data?.some(isDownloading) ? 1_000 : false),
    queryFn: async (): Promise<readonly Dataset[]> =>
      (await answerOf(api.GET("/datasets", { params: { query: { limit: 500 } } }))).datasets,
  });
}

export function isDownloading({ download }: Pick<Dataset, "download">): boolean {
  return download?.state === "queued" || download?.state === "running";
}

function useChange<Asked>(act: (asked: Asked) => Promise<Dataset>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: act, onSettled: () => queries.invalidateQueries({ queryKey: KEY }) });
}

/** A file and what is said about it; what is left out is told from the file. */
export type Upload = {
  readonly file: File;
  readonly fields: Readonly<{ instrument_id: string } & Record<string, string>>;
};

/** Import a file. The types know it as text; what is sent is the form with the file itself. */
export function useUpload() {
  const { api } = useServices();
  return useChange(({ file, fields }: Upload) =>
    answerOf(
      api.POST("/datasets", {
        body: { file: file.name, instrument_id: fields.instrument_id },
        bodySerializer: () => formOf(file, fields),
      }),
    ),
  );
}

function formOf(file: File, fields: Upload["fields"]): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file);
  return form;
}

export function useDownload() {
  const { api } = useServices();
  return useChange((body: DownloadRequest) => answerOf(api.POST("/datasets/download", { body })));
}

/** End a download and keep what it fetched. */
export function useEndDownload() {
  const { api } = useServices();
  return useChange((datasetId: string) =>
    answerOf(api.DELETE("/datasets/{dataset_id}/download", { params: { path: { dataset_id: datasetId } } })),
  );
}

export function useDeleteDataset() {
  const { api } = useServices();
  return useChange((datasetId: string) =>
    answerOf(api.DELETE("/datasets/{dataset_id}", { params: { path: { dataset_id: datasetId } } })),
  );
}
