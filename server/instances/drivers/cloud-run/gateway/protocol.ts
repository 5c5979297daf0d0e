/** What both ends of a session say besides the bytes of their channels; version 1. */

/** The channels of a session. */
export const channels = { control: 0, worker: 1, files: 2, overseer: 3, relay: 4 } as const;

/** The first message over each WebSocket, as text, from the runtime. */
export interface Greeting {
  /** Names the session: whoever knows it owns what runs in the container. */
  session: string;
  /** Frames of the container that have come; null: the session is new. */
  received: number | null;
}

/** What the container answers. */
export interface Welcome {
  /** Frames of the runtime that have come. */
  received: number;
  /** Whether it can start programs as another user. */
  is_root: boolean;
}

/** Why the container closes a WebSocket: codes of our own. */
export const refusals = {
  /** Another session has this container. */
  taken: 4001,
  /** It does not know such a session: it is another container, or it was restarted. */
  unknown: 4002,
  /** The other end does not keep to the protocol. */
  fault: 4003,
} as const;

/** Lines of JSON on the control channel, from the runtime. */
export type Order =
  /** Makes folders; those that are `owned` belong to the worker's user. */
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
