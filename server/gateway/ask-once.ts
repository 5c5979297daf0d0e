import { asFault } from "./faults.ts";
import { openTransport, type Transport, type TransportOptions } from "./transport.ts";
import { cancelled } from "./waiting.ts";

/**
 * One request beside the answers of models: a listing, embeddings, a pull. There are no retries.
 * Errors: of the catalogue, as the transport saw them; `cancelled` when the signal aborts.
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
