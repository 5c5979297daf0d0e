import { z } from "zod";
import { PermissionDecision, PermissionRequest } from "../permissions.ts";
import { Uuid } from "../primitives.ts";
import { Nothing, row } from "./row.ts";

/** Methods on what agents ask for while they work. */
export const permissionMethods = {
  /** The questions that agents wait for. */
  "permissions/list": row("viewer", Nothing, z.strictObject({ items: z.array(PermissionRequest) }), {
    verb: "GET",
    path: "/api/permissions",
  }),
  /** Answers one of them. Errors: `not_found` if it was answered already, or its agent no longer waits. */
  "permissions/answer": row(
    "admin",
    z.strictObject({ permission_id: Uuid, decision: PermissionDecision }),
    Nothing,
    { verb: "POST", path: "/api/permissions/{permission_id}", status: 204 },
  ),
} as const;
