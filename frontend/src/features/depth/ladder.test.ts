import { describe, expect, it } from "vitest";
import { ladderOf } from "./ladder";

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
});
