import { expect, it } from "vitest";
import { fundingWords } from "./funding";

const AT = "2026-11-23T16:00:00.000000Z";
const before = (seconds: number) => Date.parse(AT) - seconds * 1000;

it.each([
  ["0.0001", 11_529, "Funding +0.0100\u2009% in 3:12:09"],
  ["-0.000125", 59, "Funding \u22120.0125\u2009% in 0:00:59"],
  ["0.00000001", 1, "Funding +0.000001\u2009% in 0:00:01"],
  ["0.0001", 0, "Funding +0.0100\u2009% is being settled"],
])("counts down to a rate of %s, %i s before", (rate, seconds, words) => {
  expect(fundingWords({ rate, time: AT }, before(seconds))).toBe(words);
});
