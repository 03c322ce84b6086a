// @vitest-environment jsdom
import { cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import type { Me } from "@/api/queries/me";
import { OWNER, openStream, showPage } from "@/testing/page";
import { Button } from "@/ui/Button";
import { refusalOf } from "./access";
import { KillSwitch } from "./KillSwitch";
import { useOverlay } from "./overlay";

const VIEWER: Me = { ...OWNER, user: "vera", role: "viewer", rights: ["read"], credential: "token" };

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it("says what a right needs, by role for a person and by scope for a key", () => {
  expect(refusalOf(OWNER, "admin")).toBeNull();
  expect(refusalOf(VIEWER, "trade")).toBe("Trading needs the role trader or more; vera is viewer.");
  expect(refusalOf({ ...VIEWER, credential: "key", role: "admin" }, "trade")).toBe(
    "Trading needs an API key with the scope trade; this key may read.",
  );
});

it("a button that lacks its right is found by keyboard, tells why, and neither acts nor sends a form", async () => {
  const act = vi.fn();
  const send = vi.fn((event: { preventDefault: () => void }) => event.preventDefault());
  const form = (
    <form onSubmit={send}>
      <input aria-label="field" />
      <Button type="submit" needs="trade" onClick={act}>
        Do it
      </Button>
    </form>
  );
  openStream();
  const { unmount } = showPage(form, () => null, VIEWER);
  const user = userEvent.setup();
  await user.tab();
  await user.keyboard("{Enter}");
  await user.tab();
  expect(document.activeElement?.textContent).toBe("Do it");
  expect(document.activeElement?.getAttribute("title")).toContain("needs the role trader");
  await user.keyboard("{Enter}");
  expect([act, send].map((each) => each.mock.calls.length)).toEqual([0, 0]);
  unmount();

  showPage(form, () => null);
  await user.click(screen.getByRole("button", { name: "Do it" }));
  expect([act, send].map((each) => each.mock.calls.length)).toEqual([1, 1]);
});

it("the kill switch stays in sight for a viewer; opened by its keys it says why it cannot halt", async () => {
  openStream();
  const { asked } = showPage(<KillSwitch />, () => null, VIEWER);
  await userEvent.click(screen.getByRole("button", { name: "KILL" }));
  expect(screen.queryByRole("dialog")).toBeNull();
  useOverlay.getState().show("kill");
  const halt = await screen.findByRole("button", { name: "Halt and cancel orders" });
  expect(screen.getByText("Trading needs the role trader or more; vera is viewer.")).toBeTruthy();
  await userEvent.click(halt);
  expect(asked).toEqual([]);
  useOverlay.getState().show(null);
});
