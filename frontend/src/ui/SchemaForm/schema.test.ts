import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrowStep, draftOf, fieldsOf, hintOf, readDraft } from "./schema";

const SCHEMA = {
  type: "object",
  properties: {
    fast: {
      type: "integer",
      default: 10,
      minimum: 1,
      maximum: 1000,
      description: "bars of the fast average",
    },
    width: { type: "number", default: 2.5, exclusiveMinimum: 0, exclusiveMaximum: 10 },
    grid: { type: "number", default: 0.5, multipleOf: 0.25 },
    way: { type: "string", default: "both", enum: ["both", "long"] },
    lots: { type: "integer", default: 2, enum: [1, 2, 5] },
    short: { type: "boolean", default: true },
    note: { type: "string", default: "" },
    must: { type: "number" },
    list: { type: "array" },
  },
  required: ["must"],
};
const FIELDS = fieldsOf(SCHEMA);
const read = (change: Record<string, string | boolean>) =>
  readDraft(FIELDS, { ...draftOf(FIELDS), must: "1", ...change });

describe("schema form", () => {
  it("makes one field for each property, of the kind that its type and choices say", () => {
    expect(FIELDS.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "fast integer",
      "width number",
      "grid number",
      "way choice",
      "lots choice",
      "short boolean",
      "note text",
      "must number",
      "list unsupported",
    ]);
  });

  it("begins with the defaults, or with the values that are given", () => {
    expect(draftOf(FIELDS)).toMatchObject({ fast: "10", width: "2.5", way: "both", short: true, must: "" });
    expect(draftOf(FIELDS, { fast: 30, short: false })).toMatchObject({ fast: "30", short: false });
  });

  it("reads JSON values of the schema's types", () => {
    const { values, errors } = read({ lots: "5", short: false, note: "x" });
    expect(errors).toEqual({});
    expect(values).toEqual({
      fast: 10,
      width: 2.5,
      grid: 0.5,
      way: "both",
      lots: 5,
      short: false,
      note: "x",
      must: 1,
    });
  });

  it.each([
    ["fast", "0", "must be at least 1"],
    ["fast", "1001", "must be at most 1000"],
    ["fast", "2.5", "must be a whole number"],
    ["fast", "ten", "must be a whole number"],
    ["width", "0", "must be greater than 0"],
    ["width", "10", "must be less than 10"],
    ["width", "1e2", "must be a number"],
    ["grid", "0.3", "must be a multiple of 0.25"],
    ["way", "short", "must be one of both, long"],
    ["must", " ", "needs a value"],
  ])("says what is wrong with %s = %s and sends no value for it", (name, typed, message) => {
    const { values, errors } = read({ [name]: typed });
    expect(errors).toEqual({ [name]: message });
    expect(values).not.toHaveProperty(name);
  });

  it("leaves out what is empty and has a default, so that the default holds", () => {
    const { values, errors } = read({ fast: "" });
    expect(errors).toEqual({});
    expect(values).not.toHaveProperty("fast");
  });

  it("takes exactly the whole numbers within the bounds", () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(0, 1, 1000, 1001), fc.integer()), (number) => {
        const { values, errors } = read({ fast: String(number) });
        const isWithin = number >= 1 && number <= 1000;
        expect(values.fast).toBe(isWithin ? number : undefined);
        expect(errors.fast === undefined).toBe(isWithin);
      }),
    );
  });

  it("says a range in words and steps by what the schema or the default shows", () => {
    const [fast, width, grid] = FIELDS;
    expect(fast && hintOf(fast)).toBe("bars of the fast average; \u2265 1, \u2264 1000");
    expect(width && hintOf(width)).toBe("> 0, < 10");
    expect([fast, width, grid].map((terms) => terms && arrowStep(terms))).toEqual(["1", "0.1", "0.25"]);
    expect(fieldsOf({ properties: { q: { type: "number", default: 0.005 } } }).map(arrowStep)).toEqual([
      "0.001",
    ]);
  });
});
