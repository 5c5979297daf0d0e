import type { Role } from "../../schemas/contract.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { Dispatch } from "../runtime/dispatch.ts";
import type { Log } from "../platform/log.ts";

/** What a surface asks and listens to. */
interface Answering {
  dispatch: Dispatch;
  subscribe: (listener: (event: RuntimeEvent) => void) => () => void;
}

export interface SurfaceOptions {
  /**
   * What answers. A promise, because a runtime makes known where it is reached before it opens, and so
   * after the surface listens; requests wait for it.
   */
  runtime: Promise<Answering>;
  /** What a caller must show as `Authorization: Bearer …`. */
  token: string;
  /** What holders of the token may do. */
  role?: Role;
  /** 0, or left out: any free port. */
  port?: number;
  /** For the OpenAPI document. */
  version: string;
  log: Log;
}

/** A way in for other processes of this machine. */
export interface Surface {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  /** Ends event streams, and answers the requests that are here already if that takes a moment only. */
  close(): Promise<void>;
}

/** Opens such a way in. Entry points hand it in, so that hosting knows no surface. */
export type OpenSurface = (options: SurfaceOptions) => Promise<Surface>;
