import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";

/** What the system calls this machine, whatever its network name is at the moment. */
const machineId = (): string => {
  for (const path of ["/etc/machine-id", "/var/lib/dbus/machine-id"]) {
    try {
      const id = readFileSync(path, "utf8").trim();
      if (id !== "") return id;
    } catch {
      // Not a system that has one.
    }
  }
  return hostname();
};

/** The local tenant's id: the same in every folder and process of this user on this machine. */
export const localTenantId = (): string => {
  const { uid, username } = userInfo();
  const digest = createHash("sha256").update(`coditect-agents\n${machineId()}\n${uid}\n${username}`).digest();
  // RFC 9562, version 8: an id made by a rule of one's own.
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
};
