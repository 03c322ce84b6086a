import { describe, expect, it } from "vitest";
import { compareMetrics, differencesOf } from "./compare";

function figure(name: string, ...values: (number | null)[]) {
  const found = compareMetrics(values.map((value) => ({ metrics: { [name]: value } })));
  return found.find(({ metric }) => metric.name === name);
}

describe("runs side by side", () => {
  it("marks the best where more is better and where less is", () => {
    expect(figure("sharpe", -1, 0.5, 0.2)?.best).toEqual([1]);
    expect(figure("max_drawdown", 0.2, 0.1, 0.1)?.best).toEqual([1, 2]);
  });

  it("marks nothing where no order is better, all are equal, or only one is known", () => {
    expect(figure("trades", 3, 5)?.best).toEqual([]);
    expect(figure("sharpe", 1, 1)?.best).toEqual([]);
    expect(figure("sharpe", null, 1)?.best).toEqual([]);
  });

  it("shows undefined figures as a dash and never as a number", () => {
    expect(figure("sharpe", null, 1)?.words).toEqual(["\u2014", "1.000"]);
  });

  it("lists only that in which the requests differ, part by part", () => {
    const differences = differencesOf([
      { request: { strategy: "A", parameters: { fast: 5 }, fees: { taker: "0" } } },
      { request: { strategy: "A", parameters: { fast: 9, slow: 3 }, fees: { taker: "0" } } },
    ]);
    expect(differences).toEqual([
      { name: "parameters.fast", values: ["5", "9"] },
      { name: "parameters.slow", values: ["\u2014", "3"] },
    ]);
  });
});
