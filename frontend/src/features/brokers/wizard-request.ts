import type { FieldProblem } from "@/api/problem";
import type { ConnectRequest } from "@/api/queries/connections";
import {
  BROKERS,
  type Broker,
  type BrokerTerms,
  type Environment,
  type FieldTerms,
  type Way,
} from "./broker-terms";

/** What stands in the wizard's fields; by field name. Lives in the component only. */
export type WizardDraft = {
  readonly broker: Broker;
  readonly environment: Environment;
  readonly execution: "broker" | "local";
  readonly connectionId: string;
  readonly way: string;
  readonly values: Readonly<Record<string, string | boolean>>;
};

export const FIRST_DRAFT: WizardDraft = {
  broker: "bybit",
  environment: "simulated",
  execution: "broker",
  connectionId: "",
  way: "secret",
  values: {},
};

/** Another broker: keep what it offers too, forget what was typed for the other one. */
export function withBroker(draft: WizardDraft, broker: Broker): WizardDraft {
  const terms = BROKERS[broker];
  const environment = terms.environments.includes(draft.environment) ? draft.environment : "simulated";
  const execution = terms.hasLocal ? draft.execution : "broker";
  return { ...draft, broker, environment, execution, way: terms.ways[0]?.key ?? "", values: {} };
}

/** Why an environment cannot be chosen; null when it can. */
export function environmentRefusal(
  environment: Environment,
  execution: WizardDraft["execution"],
  isLiveAllowed: boolean,
): string | null {
  if (environment !== "live" || execution === "local" || isLiveAllowed) return null;
  return "Real money is off on this server: it must be started with EDGERUNNER_ALLOW_LIVE=true.";
}

export function wayOf(draft: WizardDraft): Way | null {
  const { ways } = BROKERS[draft.broker];
  return ways.find((way) => way.key === draft.way) ?? ways[0] ?? null;
}

/** Whether the broker is asked for anything: the simulator needs no credentials, local execution no account. */
export function asksForAccount({ environment, execution }: WizardDraft): boolean {
  return environment !== "simulated" && execution === "broker";
}

const LOCAL_FIELDS: readonly FieldTerms[] = [
  { name: "options.local.currency", label: "Account's currency", kind: "text", placeholder: "USDT" },
  { name: "options.local.balance", label: "Balance to start with", kind: "text", placeholder: "100000" },
];

/** The fields that belong to the choices so far. */
export function fieldsOf(draft: WizardDraft): {
  readonly main: readonly FieldTerms[];
  readonly more: readonly FieldTerms[];
} {
  const terms: BrokerTerms = BROKERS[draft.broker];
  if (draft.execution === "local") return { main: LOCAL_FIELDS, more: [] };
  const isAsked = ({ only }: FieldTerms) => only === undefined || only.includes(draft.environment);
  return {
    main: asksForAccount(draft) ? (wayOf(draft)?.fields ?? []).filter(isAsked) : [],
    more: terms.more.filter(isAsked),
  };
}

/** The request of the choices: fields that are left empty are left out, so that the server's defaults hold. */
export function requestOf(draft: WizardDraft): ConnectRequest {
  const { main, more } = fieldsOf(draft);
  const credentials: Record<string, string> = {};
  const options: Record<string, unknown> = {};
  for (const terms of [...main, ...more]) {
    const value = valueToSend(terms, draft.values[terms.name]);
    if (value === null) continue;
    const [place = "", ...path] = terms.name.split(".");
    if (place === "credentials") credentials[path.join(".")] = String(value);
    else put(options, path, value);
  }
  return {
    broker: draft.broker,
    environment: draft.environment,
    execution: draft.execution,
    connection_id: draft.connectionId.trim() === "" ? null : draft.connectionId.trim(),
    ...(Object.keys(credentials).length > 0 && { credentials }),
    ...(Object.keys(options).length > 0 && { options: options as NonNullable<ConnectRequest["options"]> }),
  };
}

function valueToSend(
  { kind }: FieldTerms,
  value: string | boolean | undefined,
): string | number | true | null {
  if (typeof value === "boolean") return value || null;
  const text = value?.trim() ?? "";
  if (text === "") return null;
  return kind === "whole" && /^\d+$/.test(text) ? Number(text) : text;
}

function put(options: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0) {
    options[name] = value;
    return;
  }
  const inner = (options[name] ?? {}) as Record<string, unknown>;
  put(inner, rest, value);
  options[name] = inner;
}

export type WizardErrors = {
  /** The server's words by field name. */
  readonly fields: Readonly<Record<string, string>>;
  /** What is about no field in sight. */
  readonly others: readonly string[];
};

const CHOICES: ReadonlySet<string> = new Set(["broker", "environment", "execution", "connection_id"]);

/** Put the server's words where they belong; what no field of the wizard shows is told apart. */
export function errorsOf(draft: WizardDraft, problems: readonly FieldProblem[]): WizardErrors {
  const { main, more } = fieldsOf(draft);
  const shown = new Set([...main, ...more].map((terms) => terms.name));
  const fields: Record<string, string> = {};
  const others: string[] = [];
  for (const { field, message } of problems) {
    if (shown.has(field) || CHOICES.has(field)) fields[field] = message;
    else others.push(`${field}: ${message}`);
  }
  return { fields, others };
}
