/**
 * Name of the file in `dist/` that holds the worker as a V8 snapshot: loaded and ready to connect.
 * Only the very Node that made it can start from it, so the name says which that is.
 */
export const snapshotName = (): string =>
  `worker-${process.version}-${process.platform}-${process.arch}.blob`;
