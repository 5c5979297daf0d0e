/** What both ends of a session exchange apart from the bytes of their channels; version 1. */

/** The channels of a session. */
export const channels = { control: 0, worker: 1, files: 2, overseer: 3, relay: 4 } as const;

/** The first message over each WebSocket, as text, from the runtime. */
export interface Greeting {
  /** Identifies the session: whoever knows it owns what runs in the container. */
  session: string;
  /** Number of frames received from the container; null: the session is new. */
  received: number | null;
}

/** The container's answer. */
export interface Welcome {
  /** Number of frames received from the runtime. */
  received: number;
  /** Whether the container can start programs as another user. */
  is_root: boolean;
}

/** Why the container closes a WebSocket: codes of our own. */
export const refusals = {
  /** Another session uses this container. */
  taken: 4001,
  /** The container does not know the session: it is another container, or it was restarted. */
  unknown: 4002,
  /** The other end breaks the protocol. */
  fault: 4003,
} as const;

/** Lines of JSON on the control channel, from the runtime. */
export type Order =
  /** Creates folders; those that are `owned` belong to the worker's user. */
  | { prepare: { folders: string[]; owned: string[] } }
  /** Starts a program, with the streams of a channel. */
  | {
      run: {
        channel: number;
        command: string[];
        environment: Record<string, string>;
        folder: string;
        /** Null: the container's own user. */
        user: number | null;
      };
    }
  /** Ends everything. */
  | { end: true };

/** Lines of JSON on the control channel, from the container: how a program ended. */
export interface Ended {
  ended: {
    channel: number;
    code: number | null;
    signal: string | null;
    out_of_memory: boolean;
    /** The end of its standard error. */
    words: string;
  };
}
