import { probeSandbox } from "../../../server/instances/drivers/local/confinement.ts";
import { builtWorker } from "../../support/product.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { conformance } from "./conformance.ts";
import { escapes } from "./escapes.ts";
import { localDriver } from "./pool-harness.ts";

const sandbox = await probeSandbox();

describe("instances as confined local processes", function () {
  skipUnlessNull(this, "unavailable" in sandbox ? sandbox.unavailable : null);
  conformance(() => localDriver());
  escapes(
    () => localDriver(),
    () => localDriver({ entry: builtWorker() }),
  );
});
