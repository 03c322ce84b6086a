// @vitest-environment jsdom
import { act, cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { openStream, showPage, streamTells } from "@/testing/page";
import { AlertBell } from "./AlertBell";

function alert(id: string, level: string, time: string) {
  return {
    alert_id: id,
    level,
    code: "connection_lost",
    text: `alert ${id}`,
    connection_id: "mt5-sim",
    time,
  };
}

const OLD = alert("old", "critical", "2026-11-23T10:00:00.000000Z");

function tell(...alerts: readonly object[]): void {
  act(() => streamTells("alerts", { alerts }));
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it("what happened before the page was opened is counted and not announced", () => {
  openStream();
  showPage(<AlertBell />, () => null);
  tell(OLD);
  expect(screen.getByRole("button", { name: "Alerts, 1 not seen" })).toBeTruthy();
  expect(screen.getByRole("alert").textContent).toBe("");
});

it("a critical alert interrupts, another one waits for a pause", () => {
  openStream();
  showPage(<AlertBell />, () => null);
  tell(OLD);
  tell(alert("now", "critical", "2026-11-23T10:00:01.000000Z"), OLD);
  expect(screen.getByRole("alert").textContent).toBe("alert now");
  cleanup();
  openStream();
  showPage(<AlertBell />, () => null);
  tell();
  tell(alert("calm", "warning", "2026-11-23T10:00:02.000000Z"));
  expect(screen.getByRole("alert").textContent).toBe("");
  expect(screen.getAllByRole("status").map((region) => region.textContent)).toContain("alert calm");
});

it("the list shows level, words and code, and looking at it empties the count", async () => {
  openStream();
  showPage(<AlertBell />, () => null);
  tell(OLD);
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: /Alerts/ }));
  expect(screen.getByText("alert old")).toBeTruthy();
  expect(screen.getByText("Critical")).toBeTruthy();
  expect(screen.getByText("connection_lost")).toBeTruthy();
  await user.keyboard("{Escape}");
  expect(screen.getByRole("button", { name: "Alerts, 0 not seen" })).toBeTruthy();
});
