import { createHash } from "node:crypto";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

/** The server's end of a WebSocket (RFC 6455) with short, unfragmented messages of the client. */
export class ServerSocket {
  #waiting = Buffer.alloc(0);

  /** Answer the upgrade request of `http.Server`; `onText` hears what the client says. */
  constructor(request, socket, { onText, onClose }) {
    this.socket = socket;
    const accept = createHash("sha1")
      .update(request.headers["sec-websocket-key"] + GUID)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on("data", (bytes) => this.#take(bytes, onText));
    socket.on("close", onClose);
    socket.on("error", onClose);
  }

  /** Bytes that the client has not taken yet. */
  get unsent() {
    return this.socket.writableLength;
  }

  send(text) {
    this.#write(TEXT, Buffer.from(text));
  }

  #write(opcode, body) {
    if (!this.socket.writable) return;
    const isLong = body.length > 0xffff;
    const head = Buffer.alloc(body.length < 126 ? 2 : isLong ? 10 : 4);
    head[0] = 0x80 | opcode;
    head[1] = body.length < 126 ? body.length : isLong ? 127 : 126;
    if (isLong) head.writeBigUInt64BE(BigInt(body.length), 2);
    else if (body.length >= 126) head.writeUInt16BE(body.length, 2);
    this.socket.write(Buffer.concat([head, body]));
  }

  #take(bytes, onText) {
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    for (let frame = this.#next(); frame !== null; frame = this.#next()) {
      if (frame.opcode === TEXT) onText(frame.body.toString());
      if (frame.opcode === PING) this.#write(PONG, frame.body);
      if (frame.opcode === CLOSE) this.socket.end();
    }
  }

  /** The next whole frame of the client, unmasked; null = it has not arrived yet. */
  #next() {
    const bytes = this.#waiting;
    if (bytes.length < 2) return null;
    const short = bytes[1] & 0x7f;
    const start = short === 126 ? 4 : 2;
    if (short === 127 || bytes.length < start + 4) return null;
    const length = short === 126 ? bytes.readUInt16BE(2) : short;
    if (bytes.length < start + 4 + length) return null;
    const mask = bytes.subarray(start, start + 4);
    const body = Buffer.from(bytes.subarray(start + 4, start + 4 + length)).map(
      (byte, at) => byte ^ mask[at % 4],
    );
    this.#waiting = bytes.subarray(start + 4 + length);
    return { opcode: bytes[0] & 0x0f, body };
  }
}
