import { setFlagsFromString } from "node:v8";

/** V8 asks for 3000 (entered) and 500 (in one loop). Large functions would overflow with more. */
const INVOCATIONS = 50_000;

/**
 * Has code optimized only when it is very hot. V8's optimizing compiler, TurboFan, touches six
 * megabytes, a tenth of what a worker takes, for the few functions of a short run that become warm;
 * Maglev, the compiler before it, is left as it is. An engine without these flags is not affected.
 */
export const optimizeLate = (): void => {
  setFlagsFromString(`--invocation-count-for-turbofan=${INVOCATIONS}`);
  setFlagsFromString(`--invocation-count-for-osr=${INVOCATIONS}`);
};
