import { randomUUID } from "node:crypto";
import { z } from "zod";

export const StoredObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    uid: z.string().optional(),
    resourceVersion: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
});
export type StoredObject = z.infer<typeof StoredObject>;

interface Change {
  type: "ADDED" | "MODIFIED" | "DELETED";
  collection: string;
  object: StoredObject;
}

/** Objects by collection and name, each with a version, and the followers of their changes. */
export class Objects {
  readonly #collections = new Map<string, Map<string, StoredObject>>();
  readonly #listeners = new Set<(change: Change) => void>();
  #version = 1;

  get version(): string {
    return String(this.#version);
  }

  get(collection: string, name: string): StoredObject | null {
    return this.#collections.get(collection)?.get(name) ?? null;
  }

  list(collection: string, selector: string | null): StoredObject[] {
    const wanted = (selector ?? "").split(",").filter((term) => term !== "");
    return [...(this.#collections.get(collection)?.values() ?? [])].filter(({ metadata }) =>
      wanted.every((term) => {
        const [label = "", value] = term.split("=");
        return metadata.labels?.[label] === value;
      }),
    );
  }

  put(collection: string, object: StoredObject): StoredObject {
    const { name } = object.metadata;
    const before = this.get(collection, name);
    this.#version += 1;
    const metadata = {
      ...object.metadata,
      uid: before?.metadata.uid ?? randomUUID(),
      resourceVersion: this.version,
    };
    const stored = { ...object, metadata };
    const objects = this.#collections.get(collection) ?? new Map<string, StoredObject>();
    this.#collections.set(collection, objects.set(name, stored));
    this.#tell({ type: before === null ? "ADDED" : "MODIFIED", collection, object: stored });
    return stored;
  }

  remove(collection: string, name: string): void {
    const object = this.get(collection, name);
    if (object === null) return;
    this.#version += 1;
    this.#collections.get(collection)?.delete(name);
    this.#tell({ type: "DELETED", collection, object });
  }

  /** Calls the listener for each change. Returns a function that stops this. */
  follow(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(change: Change): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}
