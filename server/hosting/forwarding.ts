import { contract, type Method } from "../../schemas/contract.ts";
import type { HeldCredentials } from "../gateway/credentials.ts";
import type { Caller, Handlers } from "../handlers/handlers.ts";
import type { Attached } from "./attach.ts";

/**
 * Each method asks the runtime on the other end. Keys stay in this process, which uses them once it has
 * the folder itself; the other runtime has its own.
 */
export const forwarding = (connection: Pick<Attached, "call">, keys: HeldCredentials): Handlers => ({
  // One entry for each method of the contract, and `call` answers what its row says.
  ...(Object.fromEntries(
    Object.keys(contract).map((method) => [
      method,
      (params: never, _caller: Caller, signal: AbortSignal) =>
        connection.call(method as Method, params, signal),
    ]),
  ) as unknown as Handlers),
  "credentials/set": (given) => {
    keys.set(given.provider, given.keys);
    return {};
  },
});
