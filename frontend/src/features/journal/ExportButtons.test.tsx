// @vitest-environment jsdom
import { cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { openStream, showPage } from "@/testing/page";
import { saveFile } from "@/ui/save-file";
import { ExportButtons } from "./ExportButtons";

vi.mock("@/ui/save-file", () => ({ saveFile: vi.fn() }));

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it("the key travels in a header, never in the address, and the answer becomes a file", async () => {
  openStream();
  const { asked } = showPage(<ExportButtons />, () => ({ status: 200, body: { events: [] } }));
  await userEvent.click(screen.getByRole("button", { name: "CSV" }));
  await waitFor(() => expect(saveFile).toHaveBeenCalled());
  expect(asked[0]?.path).toBe("/journal");
  expect(Object.fromEntries(asked[0]?.query ?? [])).toEqual({ format: "csv" });
  expect(asked[0]?.headers.get("Authorization")).toBe("Bearer key");
  const [blob, name] = vi.mocked(saveFile).mock.calls[0] ?? [];
  expect(name).toBe("journal.csv");
  expect(await (blob as Blob).text()).toBe('{"events":[]}');
});

it("a format that the server cannot write is told in its own words", async () => {
  openStream();
  const detail = "Parquet needs the package pyarrow: install it, or ask for json or csv";
  showPage(<ExportButtons />, () => ({ status: 501, body: { code: "unsupported", detail, errors: [] } }));
  await userEvent.click(screen.getByRole("button", { name: "Parquet" }));
  expect((await screen.findByRole("alert")).textContent).toBe(`${detail}(unsupported)`);
});
