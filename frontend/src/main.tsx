import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app/App";
import { loadConfig } from "@/app/config";
import "@/ui/tokens.css";

const place = document.getElementById("root");
if (place === null) throw new Error("the page has no root");
const root = createRoot(place);

loadConfig().then(
  (config) =>
    root.render(
      <StrictMode>
        <App config={config} />
      </StrictMode>,
    ),
  () =>
    root.render(<p role="alert">The Edgerunner server does not answer. Start it and load the page again.</p>),
);
