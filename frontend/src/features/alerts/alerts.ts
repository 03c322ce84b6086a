/** One row of the stream's channel `alerts`; the API's document has no schema of it, docs/api.md does. */
export type Alert = {
  readonly alert_id: string;
  readonly level: "info" | "warning" | "critical";
  readonly code: string;
  readonly text: string;
  readonly connection_id: string | null;
  readonly time: string;
};

export const LEVELS: Readonly<
  Record<Alert["level"], { readonly mark: string; readonly word: string; readonly colour: string }>
> = {
  info: { mark: "\u25cb", word: "Information", colour: "text-muted" },
  warning: { mark: "\u25b2", word: "Warning", colour: "text-warn" },
  critical: { mark: "\u2715", word: "Critical", colour: "text-danger" },
};
