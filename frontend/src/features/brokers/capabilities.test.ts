import { expect, it } from "vitest";
import type { Schemas } from "@/api/client";
import { matrixOf, reasonsOf } from "./capabilities";

const SPOT: Schemas["ProductCapabilitiesAnswer"] = {
  order_types: ["market", "limit"],
  time_in_force: ["gtc"],
  post_only: true,
  reduce_only: false,
  oca: false,
  modify: ["price"],
  brackets: "emulated",
  hedging: false,
  depth_levels: 0,
  timeframes: ["1m"],
  funding: false,
  leverage: false,
  trailing_stop: false,
  unsupported: {
    reduce_only: "spot has no positions",
    hedging: "spot has no positions",
    modify: "volume cannot be changed",
    depth: "no book",
    fractions: "whole shares only",
  },
};
const LINEAR = {
  ...SPOT,
  reduce_only: true,
  depth_levels: 50,
  unsupported: { fractions: "whole shares only" },
};
const CAPABILITIES: Schemas["CapabilitiesAnswer"] = {
  products: { spot: SPOT, linear: LINEAR },
  account_history: true,
  run_ea: false,
  position_modes: [],
  margin_modes: [],
};

function cells(name: string) {
  const rows = matrixOf(CAPABILITIES).groups.flatMap((group) => group.rows);
  return rows.find((row) => row.name === name)?.cells;
}

it("a capability is told product by product, with the server's reason where it lacks", () => {
  expect(matrixOf(CAPABILITIES).products).toEqual(["linear", "spot"]);
  expect(cells("reduce only")).toEqual([
    { isOffered: true, words: "yes", reason: null },
    { isOffered: false, words: "no", reason: "spot has no positions" },
  ]);
});

it("numbers and words are shown instead of a yes", () => {
  expect(cells("book levels")?.map((cell) => cell.words)).toEqual(["50", "no"]);
  expect(cells("take profit, stop loss")?.[0]?.words).toBe("emulated");
});

it("a change that is not offered takes the reason of changes in general", () => {
  expect(cells("change the quantity")?.[1]?.reason).toBe("volume cannot be changed");
});

it("a reason stands once, with all it is about, also of what is no row", () => {
  expect(reasonsOf(CAPABILITIES)).toContainEqual({
    text: "spot has no positions",
    names: ["reduce_only", "hedging"],
    products: ["spot"],
  });
  expect(reasonsOf(CAPABILITIES)).toContainEqual({
    text: "whole shares only",
    names: ["fractions"],
    products: ["linear", "spot"],
  });
});
