import { describe, expect, it } from "vitest";
import { type Announced, createAnnouncer, newSince, QUIET_MS } from "./announcer";

function room() {
  const said: Announced[] = [];
  let nowMs = 0;
  let due: { readonly run: () => void; readonly at: number } | null = null;
  const announcer = createAnnouncer(
    {
      now: () => nowMs,
      later: (run, ms) => {
        due = { run, at: nowMs + ms };
        return 1;
      },
      cancel: () => {
        due = null;
      },
    },
    (announced) => said.push(announced),
  );
  function pass(ms: number): void {
    nowMs += ms;
    if (due === null || due.at > nowMs) return;
    const { run } = due;
    due = null;
    run();
  }
  return { announcer, said, pass };
}

const calm = (text: string): Announced => ({ text, isUrgent: false });
const urgent = (text: string): Announced => ({ text, isUrgent: true });

describe("announcements", () => {
  it("the first is said at once, a burst becomes one sentence at the end of the quiet time", () => {
    const { announcer, said, pass } = room();
    announcer.tell([calm("one")]);
    announcer.tell([calm("two")]);
    announcer.tell([calm("three"), calm("four")]);
    expect(said).toEqual([calm("one")]);
    pass(QUIET_MS - 1);
    expect(said).toHaveLength(1);
    pass(1);
    expect(said[1]).toEqual(calm("four And 2 more."));
  });

  it("an urgent one stands for those that came after it", () => {
    const { announcer, said, pass } = room();
    announcer.tell([calm("one")]);
    announcer.tell([urgent("loss limit"), calm("connected again")]);
    pass(QUIET_MS);
    expect(said[1]).toEqual(urgent("loss limit And 1 more."));
  });

  it("never says more than one thing in the quiet time, however many come", () => {
    const { announcer, said, pass } = room();
    for (let second = 0; second < 60; second += 1) {
      announcer.tell([calm(`alert ${second}`)]);
      pass(1_000);
    }
    expect(said.length).toBeLessThanOrEqual(1 + 60_000 / QUIET_MS);
    expect(said.length).toBeGreaterThan(10);
  });

  it("says nothing after it was stopped", () => {
    const { announcer, said, pass } = room();
    announcer.tell([calm("one"), calm("two")]);
    announcer.tell([calm("three")]);
    announcer.stop();
    pass(QUIET_MS * 2);
    expect(said).toEqual([calm("two And 1 more.")]);
  });
});

it("what is new is told oldest first", () => {
  const rows = [{ time: "3" }, { time: "2" }, { time: "1" }];
  expect(newSince(rows, "1")).toEqual([{ time: "2" }, { time: "3" }]);
});
