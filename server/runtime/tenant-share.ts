import type { Settings } from "../../schemas/settings.ts";
import { keepRates, type Rates } from "../gateway/rates.ts";
import { TenantUse } from "../gateway/tenant-use.ts";
import { systemClock } from "../gateway/waiting.ts";
import { SharedPlaces } from "../instances/pool/shared-places.ts";
import type { PoolSettings } from "../instances/settings.ts";

/** What the runtimes of one tenant share, so that its limits apply to all of its workspaces together. */
export interface TenantShare {
  use: TenantUse;
  rates: Rates;
  places: SharedPlaces;
}

/** @param settings those of the tenant's own runtime, which change while it is open. */
export const shareOf = (settings: Settings, pool: PoolSettings): TenantShare => ({
  use: new TenantUse(() => settings.limits),
  rates: keepRates(settings, systemClock),
  places: new SharedPlaces({ all: () => pool.maximum, here: () => pool.maximum_here }),
});
