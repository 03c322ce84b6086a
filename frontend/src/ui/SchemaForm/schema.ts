import { decimal, isOnStep, parseDecimal } from "@/domain/decimal";

/** What a parameter may be: a JSON scalar, as the strategies' schemas have them. */
export type Scalar = string | number | boolean;
export type Kind = "integer" | "number" | "boolean" | "text" | "choice" | "unsupported";

export type FieldTerms = {
  readonly name: string;
  readonly kind: Kind;
  /** What holds when nothing is typed; null = the field must be filled. */
  readonly fallback: Scalar | null;
  readonly isRequired: boolean;
  readonly choices: readonly Scalar[];
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly exclusiveMinimum: number | null;
  readonly exclusiveMaximum: number | null;
  readonly multipleOf: number | null;
  readonly description: string;
};

export type Draft = Readonly<Record<string, string | boolean>>;
export type Errors = Readonly<Record<string, string>>;
export type Reading = { readonly values: Readonly<Record<string, Scalar>>; readonly errors: Errors };

type Json = Readonly<Record<string, unknown>>;

const KINDS: Readonly<Record<string, Kind>> = {
  integer: "integer",
  number: "number",
  boolean: "boolean",
  string: "text",
};

/** The fields of a JSON schema (draft 2020-12) of an object of scalars, in its order. */
export function fieldsOf(schema: Json): readonly FieldTerms[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(asJson(schema.properties)).map(([name, property]) =>
    termsOf(name, asJson(property), required.includes(name)),
  );
}

function termsOf(name: string, property: Json, isRequired: boolean): FieldTerms {
  const choices = Array.isArray(property.enum) ? property.enum.filter(isScalar) : [];
  const kind = KINDS[String(property.type)] ?? "unsupported";
  return {
    name,
    kind: choices.length > 0 ? "choice" : kind,
    fallback: isScalar(property.default) ? property.default : null,
    isRequired,
    choices,
    minimum: numberOf(property.minimum),
    maximum: numberOf(property.maximum),
    exclusiveMinimum: numberOf(property.exclusiveMinimum),
    exclusiveMaximum: numberOf(property.exclusiveMaximum),
    multipleOf: numberOf(property.multipleOf),
    description: typeof property.description === "string" ? property.description : "",
  };
}

/** What the fields show: given values where there are some, else the schema's defaults. */
export function draftOf(fields: readonly FieldTerms[], values: Json = {}): Draft {
  return Object.fromEntries(
    fields.map(({ name, kind, fallback }) => {
      const value = isScalar(values[name]) ? values[name] : fallback;
      return [name, kind === "boolean" ? value === true : value === null ? "" : String(value)];
    }),
  );
}

/** The values to send and, by name, what cannot be sent. What is left empty is left out: the default holds. */
export function readDraft(fields: readonly FieldTerms[], draft: Draft): Reading {
  const values: Record<string, Scalar> = {};
  const errors: Record<string, string> = {};
  for (const terms of fields) {
    const typed = draft[terms.name];
    if (terms.kind === "unsupported" || typed === undefined) continue;
    const read = readOne(terms, typed);
    if (typeof read === "object") {
      if (read.error !== null) errors[terms.name] = read.error;
    } else values[terms.name] = read;
  }
  return { values, errors };
}

/** A value, or why there is none: `error` null = nothing was typed and nothing need be. */
function readOne(terms: FieldTerms, typed: string | boolean): Scalar | { readonly error: string | null } {
  if (typeof typed === "boolean") return typed;
  if (terms.kind === "choice") return chosen(terms, typed);
  if (terms.kind === "text" && (typed !== "" || terms.fallback !== null)) return typed;
  const text = typed.trim();
  if (text === "") return { error: terms.isRequired && terms.fallback === null ? "needs a value" : null };
  const value = parseDecimal(text);
  if (value === null)
    return { error: terms.kind === "integer" ? "must be a whole number" : "must be a number" };
  const error = numberError(terms, text);
  return error === null ? Number(text) : { error };
}

function chosen({ choices }: FieldTerms, typed: string): Scalar | { readonly error: string } {
  const found = choices.find((choice) => String(choice) === typed);
  return found ?? { error: `must be one of ${choices.join(", ")}` };
}

/** The server's own words for the same faults (`strategies/parameters.py`). */
function numberError(terms: FieldTerms, text: string): string | null {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = terms;
  const number = Number(text);
  if (terms.kind === "integer" && !Number.isInteger(number)) return "must be a whole number";
  if (minimum !== null && number < minimum) return `must be at least ${minimum}`;
  if (maximum !== null && number > maximum) return `must be at most ${maximum}`;
  if (exclusiveMinimum !== null && number <= exclusiveMinimum)
    return `must be greater than ${exclusiveMinimum}`;
  if (exclusiveMaximum !== null && number >= exclusiveMaximum) return `must be less than ${exclusiveMaximum}`;
  const step = multipleOf === null ? null : parseDecimal(String(multipleOf));
  return step === null || isOnStep(decimal(text), step) ? null : `must be a multiple of ${multipleOf}`;
}

/** What a field takes, in words: its description and its range. */
export function hintOf(terms: FieldTerms): string | undefined {
  const words = [terms.description, rangeWords(terms)].filter((each) => each !== "");
  return words.length === 0 ? undefined : words.join("; ");
}

function rangeWords(terms: FieldTerms): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = terms;
  return [
    minimum === null ? "" : `\u2265 ${minimum}`,
    exclusiveMinimum === null ? "" : `> ${exclusiveMinimum}`,
    maximum === null ? "" : `\u2264 ${maximum}`,
    exclusiveMaximum === null ? "" : `< ${exclusiveMaximum}`,
    multipleOf === null ? "" : `in steps of ${multipleOf}`,
  ]
    .filter((each) => each !== "")
    .join(", ");
}

/** What one arrow key adds: the schema's step, 1 for whole numbers, else the last decimal of the default. */
export function arrowStep({ kind, multipleOf, fallback }: FieldTerms): string {
  const known = multipleOf === null ? null : parseDecimal(String(multipleOf));
  if (known !== null) return String(multipleOf);
  if (kind === "integer") return "1";
  const value = parseDecimal(String(fallback));
  return value === null || value.scale < 1 ? "0.1" : `0.${"0".repeat(value.scale - 1)}1`;
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function asJson(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}
