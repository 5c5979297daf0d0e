import type { RuntimeEvent } from "../../../schemas/events.ts";
import { Replies } from "../../access/replies.ts";
import type { Dispatch } from "../../runtime/dispatch.ts";
import type { Store } from "../../store/store.ts";
import type { Api } from "../rest/api.ts";
import { Conditions } from "../rest/conditions.ts";
import { EventHistory } from "../rest/event-history.ts";

/** The server's interface to a runtime. */
export interface ServedWorkspace {
  dispatch: Dispatch;
  subscribe: (listener: (event: RuntimeEvent) => void) => () => void;
  store: Store;
}

export interface ApiOptions {
  version: string;
  /** The maximum size of a body, in bytes. */
  bodyLimit: number;
  now: () => string;
}

export const apiOf = (
  { dispatch, subscribe, store }: ServedWorkspace,
  { version, bodyLimit, now }: ApiOptions,
): Api => ({
  dispatch,
  history: new EventHistory(subscribe),
  conditions: new Conditions(),
  replies: new Replies(store, now),
  version,
  bodyLimit,
});
