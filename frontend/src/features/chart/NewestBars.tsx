import { useEffect, useState } from "react";
import type { Bar } from "@/api/queries/bars";
import { joined } from "./candles";
import { streamedBars } from "./streamed";

const MOST = 20;
/** Often enough for whoever listens, and seldom enough to cost nothing. */
const EVERY_MS = 1_000;

type Props = { readonly loaded: readonly Bar[] | undefined; readonly channel: string };

/** The chart in words, for whoever cannot see a canvas: the newest bars, as current as the candles. */
export function NewestBars({ loaded, channel }: Props) {
  const [bars, setBars] = useState<readonly Bar[]>([]);

  useEffect(() => {
    const read = () => setBars(joined(loaded ?? [], streamedBars(channel)).slice(-MOST));
    read();
    const timer = window.setInterval(read, EVERY_MS);
    return () => window.clearInterval(timer);
  }, [loaded, channel]);

  return (
    <table className="sr-only">
      <caption>Newest bars</caption>
      <thead>
        <tr>
          {["Time (UTC)", "Open", "High", "Low", "Close", "Volume"].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {bars.map((bar) => (
          <tr key={bar.time}>
            <td>{bar.time}</td>
            <td>{bar.open}</td>
            <td>{bar.high}</td>
            <td>{bar.low}</td>
            <td>{bar.close}</td>
            <td>{bar.volume}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
