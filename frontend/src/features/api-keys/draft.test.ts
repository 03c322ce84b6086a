import { expect, it } from "vitest";
import { FIRST_KEY, keyErrors, keyRequest } from "./draft";

const NOW = Date.parse("2026-11-23T12:00:00Z");

it("a key needs a purpose and a scope before it is asked for", () => {
  expect(keyErrors(FIRST_KEY)).toEqual({ name: "say what it is for" });
  expect(keyErrors({ ...FIRST_KEY, name: " x ", scopes: [] })).toEqual({ scopes: "choose at least one" });
  expect(keyErrors({ ...FIRST_KEY, name: "x" })).toEqual({});
});

it("addresses may be separated by commas, spaces or lines; days become a moment", () => {
  expect(
    keyRequest({ name: " bot ", scopes: ["read"], days: 1, allowedIps: "10.0.0.1, 10.1.0.0/16\n ::1" }, NOW),
  ).toEqual({
    name: "bot",
    scopes: ["read"],
    expires_at: "2026-11-24T12:00:00.000Z",
    allowed_ips: ["10.0.0.1", "10.1.0.0/16", "::1"],
  });
  expect(keyRequest({ ...FIRST_KEY, days: null }, NOW)).toMatchObject({ expires_at: null, allowed_ips: [] });
});
