/** No message may serialize above what every gRPC client accepts by default (4 MiB). */
export const messageBytesMax: number = 4 * 1024 * 1024;

/**
 * `max_batch_total_size_bytes`. What a message has above it is for the digests and statuses of its entries: room for
 * more than the 4,000 that REAPI clients put into one.
 */
export const batchBytesMax: number = messageBytesMax - 512 * 1024;

/** What an entry of a batch takes beside its data, its hash and a text: the size, an empty status, framing. */
export const entryOverheadBytes = 36;
