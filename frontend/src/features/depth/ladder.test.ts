import { describe, expect, it } from "vitest";
import { FEWEST_LEVELS, ladderOf, levelsIn } from "./ladder";

const BIDS = [
  ["99", "1"],
  ["98", "3"],
  ["97", "5"],
];
const ASKS = [
  ["101", "2"],
  ["102", "6"],
];

describe("ladder", () => {
  it("ends the asks with the best, so that both sides meet in the middle", () => {
    const { bids, asks } = ladderOf(BIDS, ASKS, 10);
    expect(asks.map((level) => level.price)).toEqual(["102", "101"]);
    expect(bids.map((level) => level.price)).toEqual(["99", "98", "97"]);
  });

  it("measures what lies up to each price against the larger side", () => {
    const { bids, asks } = ladderOf(BIDS, ASKS, 10);
    expect(bids.map((level) => level.share)).toEqual([1 / 9, 4 / 9, 1]);
    expect(asks.map((level) => level.share)).toEqual([8 / 9, 2 / 9]);
  });

  it("shows the best rows only", () => {
    expect(ladderOf(BIDS, ASKS, 1)).toEqual({
      bids: [{ price: "99", size: "1", share: 0.5 }],
      asks: [{ price: "101", size: "2", share: 1 }],
    });
  });

  it("is empty without a book", () => {
    expect(ladderOf([], [], 5)).toEqual({ bids: [], asks: [] });
  });

  it("takes both sides, head and spread into the height, and never shows fewer than a few levels", () => {
    expect(levelsIn(44 + 2 * 24 * 7)).toBe(7);
    expect(levelsIn(44 + 2 * 24 * 7 - 1)).toBe(6);
    expect(levelsIn(0)).toBe(FEWEST_LEVELS);
  });
});
