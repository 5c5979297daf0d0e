import { installCodeServer, missingPart } from "./parts.ts";

// Set-up of the editor tests on a fresh machine: `node test/editor/install.ts`. What code-server's
// native parts are built from comes from the system's packages (see CONTRIBUTING.md).
if (import.meta.main) {
  await installCodeServer();
  process.stdout.write(`${missingPart() ?? "The editor tests can run."}\n`);
}
