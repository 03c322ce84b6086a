import { useStore } from "zustand";
import { addressesOf } from "@/app/config";
import { useServices } from "@/app/services";
import { streamStore } from "@/stream/store";
import { LIVE, Panel } from "@/ui/Panel";

/** What the server says of itself; changed there, not here. */
export function ServerFacts() {
  const { config } = useServices();
  const link = useStore(streamStore, (state) => state.link.phase);
  const addresses = addressesOf(config, window.location.href);
  const facts: readonly (readonly [string, string])[] = [
    ["Program", `${config.name} ${config.version}`],
    [
      "Real money",
      config.live_allowed
        ? "allowed: live accounts can be connected, and trade while armed"
        : "off: no live account can be connected (EDGERUNNER_ALLOW_LIVE)",
    ],
    ["Base currency", config.base_currency],
    ["API", addresses.api],
    ["Stream", `${addresses.stream} (${link})`],
  ];
  return (
    <Panel title="The server" state={LIVE}>
      <dl className="m-0 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 p-3 text-sm max-sm:grid-cols-1">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="m-0 break-words max-sm:mb-1">{value}</dd>
          </div>
        ))}
      </dl>
      <p className="m-0 px-3 pb-3 text-sm">
        <a
          href={`${addresses.api}/docs`}
          target="_blank"
          rel="noreferrer"
          className="inline-flex items-center text-accent max-md:min-h-11"
        >
          The API's pages
        </a>
      </p>
    </Panel>
  );
}
