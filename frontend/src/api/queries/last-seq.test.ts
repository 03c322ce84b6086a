import fc from "fast-check";
import { expect, it } from "vitest";
import { lastSeq } from "./last-seq";

it("finds the newest number of any journal, with few questions", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 50_000_000 }), async (newest) => {
      let questions = 0;
      const found = await lastSeq((seq) => {
        questions += 1;
        return Promise.resolve(seq < newest);
      });
      expect(found).toBe(newest);
      expect(questions).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(newest + 2)) + 12);
    }),
  );
});
