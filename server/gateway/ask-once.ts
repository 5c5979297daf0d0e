import { asFault } from "./faults.ts";
import { openTransport, type Transport, type TransportOptions } from "./transport.ts";
import { cancelled } from "./waiting.ts";

/**
 * A single request that is not an answer of a model: a listing, embeddings, a pull. There are no
 * retries.
 * Errors: those of the catalogue, as the transport saw them; `cancelled` when the signal aborts.
 */
export const askOnce = async <Value>(
  options: TransportOptions,
  use: (transport: Transport) => Promise<Value>,
): Promise<Value> => {
  const transport = openTransport(options);
  let whole = false;
  try {
    const value = await use(transport);
    whole = true;
    return value;
  } catch (thrown) {
    if (options.signal.aborted) throw cancelled();
    throw asFault(transport.fault() ?? thrown, options.to, options.key).error;
  } finally {
    transport.close(whole);
  }
};
