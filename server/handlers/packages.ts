import { fail } from "../../schemas/errors.ts";
import { installPackage } from "../sharing/install.ts";
import { previewOf } from "../sharing/preview.ts";
import { readPackage } from "../sharing/read-package.ts";
import { fetchRemotePackage } from "../sharing/source.ts";
import { type HandlerContext, type HandlersOf, refuseOnCopy } from "./context.ts";

/** Agents and teams that others made, as one file. */
export const packageHandlers = ({
  workspace,
  received,
  emit,
  now,
}: HandlerContext): HandlersOf<"packages"> => ({
  "packages/fetch": async ({ source }, _caller, signal) => ({
    text: (await fetchRemotePackage(source, signal)).toString("utf8"),
  }),

  "packages/preview": ({ source, text }) => {
    const shared = readPackage(source, Buffer.from(text));
    const { sha256, content, files } = shared;
    return { sha256, content, paths: files.map(({ path }) => path), preview: previewOf(shared) };
  },

  "packages/import": ({ source, text, sha256 }) => {
    refuseOnCopy({ received }, "Importing", "Use coditect agents import in your workspace.");
    const shared = readPackage(source, Buffer.from(text));
    if (shared.sha256 !== sha256)
      throw fail("hash_differs", { source, hash: shared.sha256, expected: sha256 });
    installPackage(workspace, source, shared, now());
    emit({ type: "configuration.changed", at: now() });
    return { paths: shared.files.map(({ path }) => path) };
  },
});
