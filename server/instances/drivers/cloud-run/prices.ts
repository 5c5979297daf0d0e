import type { Machine } from "./machine.ts";

/**
 * List prices in dollars for instance-based billing, without the free tier and discounts, collected on
 * 2026-11-29: tier 1 from an archived copy of https://cloud.google.com/run/pricing, tier 2 from Infracost's
 * price data.
 */
const prices = {
  1: { cpuSecond: 0.000_018, gibSecond: 0.000_002 },
  2: { cpuSecond: 0.000_021_6, gibSecond: 0.000_002_4 },
} as const;

/** Source: https://cloud.google.com/run/docs/locations, read from an archived copy on 2026-11-29. */
const regions: Readonly<Record<keyof typeof prices, readonly string[]>> = {
  1: [
    ...["asia-east1", "asia-northeast1", "asia-northeast2", "europe-north1", "europe-southwest1"],
    ...["europe-west1", "europe-west4", "europe-west8", "europe-west9", "me-west1"],
    ...["us-central1", "us-east1", "us-east4", "us-east5", "us-south1", "us-west1"],
  ],
  2: [
    ...[
      "africa-south1",
      "asia-east2",
      "asia-northeast3",
      "asia-southeast1",
      "asia-southeast2",
      "asia-south1",
    ],
    ...["asia-south2", "australia-southeast1", "australia-southeast2", "europe-central2", "europe-west10"],
    ...["europe-west12", "europe-west2", "europe-west3", "europe-west6", "me-central1", "me-central2"],
    ...["northamerica-northeast1", "northamerica-northeast2", "southamerica-east1", "southamerica-west1"],
    ...["us-west2", "us-west3", "us-west4"],
  ],
};

const SECONDS_PER_HOUR = 3600;
const MB_PER_GIB = 1024;

/** The estimated cost of a container in dollars per hour; null: the tier of the region is unknown. */
export const dollarsPerHour = (region: string, { cpus, memory_mb }: Machine): number | null => {
  const tier = ([1, 2] as const).find((each) => regions[each].includes(region));
  if (tier === undefined) return null;
  const { cpuSecond, gibSecond } = prices[tier];
  const dollars = SECONDS_PER_HOUR * (cpus * cpuSecond + (memory_mb / MB_PER_GIB) * gibSecond);
  return Number(dollars.toFixed(4));
};
