import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import type { Header } from "tar-stream";
import type { TreeEntry } from "../../../../workspace/tree.ts";

type HeaderArgument = Pick<Header, "name"> & Partial<Header>;

/** The headers of an entry. Everybody may read it, but it belongs to root, so the worker cannot write it. */
const headersOf = (
  folder: string,
  { path, type, executable, target }: TreeEntry,
): HeaderArgument & { mode: number } => ({
  name: `./${relative(folder, path)}`,
  type,
  uid: 0,
  gid: 0,
  mode: type === "directory" || executable ? 0o755 : 0o644,
  mtime: new Date(0),
  ...(target !== null && { linkname: target }),
});

/**
 * The entries as a tar archive to unpack in `folder`. Files are read while the archive is sent, so it needs
 * memory for the largest file only. Files that vanish in the meantime are left out. `modes` maps the paths of
 * entries to modes that differ from the default.
 */
export const archiveOf = (
  folder: string,
  entries: readonly TreeEntry[],
  modes: ReadonlyMap<string, number> = new Map(),
): Readable => {
  const archive = pack();
  const add = (headers: HeaderArgument, bytes: Buffer): Promise<void> =>
    new Promise((written, reject) => {
      archive.entry(headers, bytes, (error) => {
        if (error == null) written();
        else reject(error);
      });
    });
  const fill = async (): Promise<void> => {
    for (const entry of entries) {
      const bytes = entry.type === "file" ? await readFile(entry.path).catch(() => null) : Buffer.alloc(0);
      const headers = headersOf(folder, entry);
      const mode = modes.get(entry.path) ?? headers.mode;
      if (bytes !== null) await add({ ...headers, mode, size: bytes.length }, bytes);
    }
    archive.finalize();
  };
  fill().catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : undefined);
  });
  return Readable.from(archive);
};

/** An archive of one empty folder that belongs to `user`, as `uid:gid`. */
export const ownedFolder = (name: string, user: string): Readable => {
  const [uid = 0, gid = uid] = user.split(":").map(Number);
  const archive = pack();
  archive.entry({ name: `${name}/`, type: "directory", uid, gid, mode: 0o755 });
  archive.finalize();
  return Readable.from(archive);
};
