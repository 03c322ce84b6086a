import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { fetchReport } from "@/api/queries/backtests";
import { useServices } from "@/app/services";
import { Button } from "@/ui/Button";
import { ProblemNote } from "@/ui/ProblemNote";
import { saveFile } from "@/ui/save-file";
import { ReportView } from "./ReportView";

/** Opens or saves the HTML report. It is fetched with the key, which no address ever carries. */
export function ReportButtons({ runId }: { readonly runId: string }) {
  const { api } = useServices();
  const report = useMutation({ gcTime: 0, mutationFn: () => fetchReport(api, runId) });
  const [shown, setShown] = useState<string | null>(null);
  return (
    <>
      <Button disabled={report.isPending} onClick={() => report.mutate(undefined, { onSuccess: setShown })}>
        Open the report
      </Button>
      <Button
        disabled={report.isPending}
        onClick={() =>
          report.mutate(undefined, {
            onSuccess: (html) => saveFile(new Blob([html], { type: "text/html" }), `backtest-${runId}.html`),
          })
        }
      >
        Save the report
      </Button>
      <ProblemNote error={report.error} />
      {shown !== null && <ReportView html={shown} onClose={() => setShown(null)} />}
    </>
  );
}
