import { expect, it } from "vitest";
import { type Entry, grouped, markedKey, matchingEntries } from "./entries";

function entry(group: string, words: string): Entry {
  return { key: `${group} ${words}`, group, words, hint: "", run: () => undefined };
}

const ENTRIES = [entry("Places", "Risk"), entry("Open", "Change risk limits"), entry("Places", "Trade")];

it("every typed word must be there, in any order and case", () => {
  expect(matchingEntries(ENTRIES, "LIMITS  risk").map((each) => each.words)).toEqual(["Change risk limits"]);
  expect(matchingEntries(ENTRIES, " ")).toHaveLength(3);
  expect(matchingEntries(ENTRIES, "xyz")).toEqual([]);
});

it("Enter takes the first entry once the marked one is gone", () => {
  expect(markedKey(ENTRIES, "Places Trade")).toBe("Places Trade");
  expect(markedKey(matchingEntries(ENTRIES, "risk"), "Places Trade")).toBe("Places Risk");
  expect(markedKey([], "Places Trade")).toBe("");
});

it("groups stand once, in the order of their first entries", () => {
  expect(grouped(ENTRIES).map((group) => [group.name, group.entries.length])).toEqual([
    ["Places", 2],
    ["Open", 1],
  ]);
});
