import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, relative, sep } from "node:path";
import { ROOT, SCREEN } from "./product.mjs";

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
};

/**
 * The built screen on an origin of its own, as a host of static files has it: no API, a `config.json` with places, and
 * the headers that `vercel.json` tells the host to send.
 */
export class StaticScreen {
  #files;
  #headers;
  #config = null;
  #server = createServer((request, response) => this.#answer(request, response));

  constructor(files, headers) {
    this.#files = files;
    this.#headers = headers;
  }

  static async begin() {
    const screen = new StaticScreen(await filesOf(SCREEN), await headersOfHost());
    screen.#server.listen(0, "127.0.0.1");
    await once(screen.#server, "listening");
    return screen;
  }

  get origin() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Lead the screen to an API. */
  leadTo(product) {
    const stream = `${product.url.replace(/^http/, "ws")}/ws/broker`;
    this.#config = JSON.stringify({ api_path: product.url, stream_path: stream });
    // The file allows any address over TLS; here nothing has TLS.
    const policy = this.#headers["Content-Security-Policy"];
    const places = `connect-src 'self' ${product.url} ${new URL(stream).origin}`;
    this.#headers["Content-Security-Policy"] = policy.replace(/connect-src [^;]*/, places);
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** A file, the configuration, or the page for every other path, where the browser routes by itself. */
  #answer(request, response) {
    const { pathname } = new URL(request.url, this.origin);
    if (pathname === "/config.json") {
      response.writeHead(this.#config === null ? 404 : 200, {
        ...this.#headers,
        "Content-Type": TYPES[".json"],
      });
      response.end(this.#config);
      return;
    }
    const name = pathname.replace(/^\/app\//, "");
    const found = this.#files.has(name) ? name : "index.html";
    response.writeHead(200, {
      ...this.#headers,
      "Content-Type": TYPES[extname(found)] ?? "application/octet-stream",
    });
    response.end(this.#files.get(found));
  }
}

async function filesOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  const read = async (path) => [relative(folder, path).split(sep).join("/"), await readFile(path)];
  return new Map(await Promise.all(paths.map(read)));
}

/** What the host sends with every file. */
async function headersOfHost() {
  const { headers } = JSON.parse(await readFile(join(ROOT, "vercel.json"), "utf8"));
  const everywhere = headers.find(({ source }) => source === "/(.*)");
  return Object.fromEntries(everywhere.headers.map(({ key, value }) => [key, value]));
}
