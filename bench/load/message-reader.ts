/** Puts gRPC messages together from a body that comes in parts. */
export class MessageReader {
  readonly #onMessage: (message: Buffer) => void;
  #parts: Buffer[] = [];
  #length = 0;
  /** What must be there before there is anything to do: a prefix, then a message with it. */
  #wanted = 5;

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  /** Takes the next part of the body, which is only lent. */
  push(part: Buffer): void {
    this.#parts.push(Buffer.from(part));
    this.#length += part.length;
    while (this.#length >= this.#wanted) {
      const bytes = Buffer.concat(this.#parts);
      const end = 5 + bytes.readUInt32BE(1);
      this.#wanted = end;
      if (bytes.length >= end) {
        this.#onMessage(bytes.subarray(5, end));
        this.#wanted = 5;
      }
      const rest = bytes.length >= end ? bytes.subarray(end) : bytes;
      this.#parts = [rest];
      this.#length = rest.length;
    }
  }
}
