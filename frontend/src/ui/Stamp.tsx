import { dateTime } from "@/domain/format";

/** UTC date and time; on a phone the time stands beneath the date. */
export function Stamp({ at }: { readonly at: string }) {
  const [date, time] = dateTime(at).split(" ");
  return (
    <time dateTime={at}>
      {date} <span className="max-md:block">{time}</span>
    </time>
  );
}
