import tls from "node:tls";

/**
 * The authorities that Node trusts, and those of the operating system, where companies install their own;
 * null: this Node cannot read them, or there are none.
 */
export const withSystemAuthorities = (): string[] | null => {
  // Node has it since 22.15.
  if (!("getCACertificates" in tls)) return null;
  const system = tls.getCACertificates("system");
  return system.length === 0 ? null : [...tls.getCACertificates("default"), ...system];
};
