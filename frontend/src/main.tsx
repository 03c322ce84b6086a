import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app/App";
import { loadConfig } from "@/app/config";
import { keepOverReloads } from "@/app/session";
import "@/ui/tokens.css";

const place = document.getElementById("root");
if (place === null) throw new Error("the page has no root");
const root = createRoot(place);
keepOverReloads(window);

loadConfig(window.location.href).then(
  (config) =>
    root.render(
      <StrictMode>
        <App config={config} />
      </StrictMode>,
    ),
  (error: Error) =>
    root.render(
      <p role="alert" className="m-4">
        {error.message}
      </p>,
    ),
);
