// @vitest-environment jsdom
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Column, DataTable, MOST_DRAWN } from "./DataTable";

const COLUMNS: readonly Column<number>[] = [
  { name: "Number", isNumber: true, cell: (row) => row },
  { name: "Action", isActions: true, cell: () => "go" },
];

function show(count: number) {
  vi.spyOn(Element.prototype, "clientHeight", "get").mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(33);
  const rows = Array.from({ length: count }, (_, index) => index);
  render(
    <DataTable
      caption="Numbers"
      columns={COLUMNS}
      rows={rows}
      keyOf={(row) => `${row}`}
      beneath={(row) => row === 1 && "beneath one"}
    />,
  );
  return document.querySelectorAll("tr[aria-rowindex]").length;
}

afterEach(cleanup);

describe("data table", () => {
  it("draws every row of a short list", () => {
    expect(show(MOST_DRAWN)).toBe(MOST_DRAWN);
  });

  it("draws only what is in sight of a long list, and says how long it is", () => {
    const drawn = show(5_000);
    expect(drawn).toBeGreaterThan(18);
    expect(drawn).toBeLessThan(60);
    expect(screen.getByRole("table", { name: "Numbers" }).getAttribute("aria-rowcount")).toBe("5001");
  });

  it("puts what belongs beneath a row right there", () => {
    show(3);
    expect(screen.getByText("beneath one").closest("tbody")?.textContent).toBe("1gobeneath one");
  });
});
