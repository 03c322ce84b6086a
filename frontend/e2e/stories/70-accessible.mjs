import { graveFindings } from "../harness/accessibility.mjs";
import { BITCOIN, bringToLife, leaveNothing } from "../harness/life.mjs";
import { PLACES } from "../harness/places.mjs";

export const name = "axe finds nothing serious or critical on any screen, in both themes, with data";

export async function story({ open, product }) {
  const found = [];
  try {
    await bringToLife(product);
    for (const theme of ["dark", "light"]) {
      const screen = await open({ theme });
      const { page } = screen;
      const look = async (place) =>
        found.push(...(await graveFindings(page, place)).map((each) => `${theme} ${place}: ${each}`));
      await screen.visit("/trade");
      await screen.chooseMarket(BITCOIN.connection_id, "BTCUSDT", BITCOIN.instrument_id);
      await screen.panel("Depth").getByRole("button").first().waitFor();
      for (const place of PLACES) {
        await screen.visit(place);
        await screen.settled();
        await look(place);
      }
      await page.getByRole("button", { name: "KILL" }).click();
      await screen.dialogInSight("Stop all trading?");
      await look("kill switch");
    }
    if (found.length > 0) throw new Error(`axe found\n  ${[...new Set(found)].join("\n  ")}`);
  } finally {
    await leaveNothing(product);
  }
}
