// Fails when src/api/schema.d.ts is not what the API's document says now: `npm run api` writes it anew.
import { readFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const document = new URL("../../backend/tests/api/openapi.json", import.meta.url);
const types = new URL("../src/api/schema.d.ts", import.meta.url);
const expected = astToString(await openapiTS(document));
const body = (text) => text.slice(text.indexOf("export"));

if (body(readFileSync(types, "utf8")).trim() !== body(expected).trim()) {
  process.stderr.write("src/api/schema.d.ts does not match the API: run `npm run api` in frontend/\n");
  process.exit(1);
}
