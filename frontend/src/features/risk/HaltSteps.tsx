import type { Schemas } from "@/api/client";
import { Button } from "@/ui/Button";

type Props = { readonly answer: Schemas["HaltAnswer"]; readonly onClose: () => void };

/** What the kill switch did, step by step; what was not done says why, order by order. */
export function HaltSteps({ answer, onClose }: Props) {
  return (
    <>
      <ul className="mt-0 mb-3 flex list-none flex-col gap-2 p-0 text-sm" aria-label="What was done">
        {answer.steps.map((step) => (
          <li key={step.step}>
            <Step step={step} />
          </li>
        ))}
      </ul>
      <div className="flex justify-end">
        <Button onClick={onClose}>Close</Button>
      </div>
    </>
  );
}

function Step({ step }: { readonly step: Schemas["StepAnswer"] }) {
  const done = step.results.filter((result) => result.ok).length;
  return (
    <>
      <span className={step.ok ? "text-up" : "text-danger"}>
        {step.ok ? "\u2713 done" : "\u2715 not done"}
      </span>{" "}
      {step.step.replaceAll("_", " ")}
      {step.results.length > 0 && (
        <span className="text-muted">
          : {done} of {step.results.length}
        </span>
      )}
      {step.detail !== null && <div className="text-muted">{step.detail}</div>}
      {step.results.map((result, index) =>
        result.ok ? null : (
          // biome-ignore lint/suspicious/noArrayIndexKey: results never change, and some have no order id
          <div key={index} className="text-danger">
            {result.client_order_id}: {result.detail} {result.code !== null && <code>{result.code}</code>}
          </div>
        ),
      )}
    </>
  );
}
