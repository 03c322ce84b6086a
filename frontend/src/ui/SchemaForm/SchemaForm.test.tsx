// @vitest-environment jsdom
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, describe, expect, it } from "vitest";
import { SchemaForm } from "./SchemaForm";
import { draftOf, fieldsOf, readDraft } from "./schema";

const FIELDS = fieldsOf({
  properties: {
    fast: { type: "integer", default: 10, minimum: 1, description: "bars" },
    way: { type: "string", default: "both", enum: ["both", "long"] },
    short: { type: "boolean", default: false },
  },
});

function Held() {
  const [draft, setDraft] = useState(draftOf(FIELDS));
  const { values, errors } = readDraft(FIELDS, draft);
  return (
    <>
      <SchemaForm fields={FIELDS} draft={draft} errors={errors} onChange={setDraft} />
      <output>{JSON.stringify(values)}</output>
    </>
  );
}

afterEach(cleanup);

describe("schema form on the page", () => {
  it("labels every field, and what is typed, chosen and ticked becomes values", async () => {
    render(<Held />);
    const user = userEvent.setup();
    await user.clear(screen.getByLabelText("fast"));
    await user.type(screen.getByLabelText("fast"), "25");
    await user.selectOptions(screen.getByLabelText("way"), "long");
    await user.click(screen.getByLabelText("short"));
    expect(screen.getByRole("status").textContent).toBe('{"fast":25,"way":"long","short":true}');
  });

  it("ties an error to its field, for eyes and for readers", async () => {
    render(<Held />);
    const field = screen.getByLabelText("fast");
    expect(field.getAttribute("aria-invalid")).toBe("false");
    await userEvent.setup().type(field, "{Backspace}{Backspace}0");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    const note = document.getElementById(field.getAttribute("aria-describedby") ?? "");
    expect(note?.textContent).toContain("must be at least 1");
  });
});
