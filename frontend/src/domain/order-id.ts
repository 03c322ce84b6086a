const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A new client order id: 26 letters, 130 random bits, within what every broker carries. */
export function newOrderId(randomBytes: (count: number) => Uint8Array = browserBytes): string {
  return [...randomBytes(26)].map((byte) => LETTERS[byte & 31]).join("");
}

function browserBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}
