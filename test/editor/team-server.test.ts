import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { root, runCommand, type RunningCommand, startCommand } from "../support/command.ts";
import { skipUnlessNull } from "../support/skip.ts";
import { throughModel } from "./models.ts";
import { missingPart, savedText } from "./parts.ts";
import { useWorkbench } from "./suite.ts";

const tls = (name: string): string => join(root, "test", "fixtures", "tls", name);

describe("a window on a team server", function () {
  skipUnlessNull(this, missingPart());
  const parts = useWorkbench(() => ({ environment: { NODE_EXTRA_CA_CERTS: tls("cert.pem") } }));
  let tenant: string;
  let user: string;
  let server: RunningCommand;
  let url: string;
  let token: string;
  before(async function () {
    this.timeout(120_000);
    tenant = await mkdtemp(join(tmpdir(), "coditect-tenant-"));
    user = await mkdtemp(join(tmpdir(), "coditect-user-"));
    const environment = { XDG_CONFIG_HOME: user };
    const certificate = ["--tls-cert", tls("cert.pem"), "--tls-key", tls("key.pem")];
    const workspace = ["--workspace", tenant];
    server = startCommand(
      [
        "serve",
        "--listen",
        "127.0.0.1:0",
        ...certificate,
        ...workspace,
        "--set",
        "unconfined=allow",
        "--json",
      ],
      { environment },
    );
    assert.ok(server.child.stdout);
    const [line] = z.tuple([z.instanceof(Buffer)]).parse(await once(server.child.stdout, "data"));
    ({ url } = z.object({ url: z.string() }).parse(JSON.parse(line.toString())));
    const made = await runCommand(["tokens", "create", "--user", "ada", "--role", "operator", ...workspace], {
      environment,
    });
    token = made.stdout.trim();
  });
  after(async function () {
    this.timeout(60_000);
    server.child.kill("SIGTERM");
    await server.result;
    for (const folder of [tenant, user]) await rm(folder, { recursive: true, force: true });
  });

  it("refuses a wrong token, runs there after the right one, and applies the changes here", async () => {
    const project = await parts.session.project({
      "coditect.server.url": url,
      ...throughModel(parts.model),
    });
    const source = join(project, "src", "bill.js");
    const original = await readFile(source, "utf8");
    const workbench = await parts.session.open(project);
    const signIn = async (secret: string): Promise<void> => {
      await workbench.command("CODITECT: Sign In to Team Server");
      await workbench.answer(/secret storage/, secret);
      await workbench.page
        .locator(".monaco-dialog-box")
        .getByRole("button", { name: "Use Team Server" })
        .click();
    };
    await signIn(token.replace(/.{43}$/, "A".repeat(43)));
    await workbench.notification("This token is not one of this server").waitFor();
    await signIn(token);
    await workbench.notification("Agents for this workspace now run on").waitFor();

    await workbench.openFile("src/bill.js");
    await workbench.runTdd();
    await workbench.showView();
    await workbench.runHeld(/^Run tdd.*every gate held/);
    await workbench.picture("team-server");
    assert.equal(await readFile(source, "utf8"), original);
    assert.equal(existsSync(join(project, ".coditect", "state")), false);
    await workbench.command("CODITECT: Accept All Changes");
    await workbench.treeItem(/^Changed file src\/bill\.js.*applied/).waitFor();
    await savedText(source, /Math\.floor\(cents \/ people\)/);

    server.child.kill("SIGTERM");
    await workbench.page.locator(".part.statusbar").getByText("Reconnecting…").waitFor();
    await workbench.picture("team-server-away");
    await workbench.command("CODITECT: Sign Out of Team Server");
    await workbench.notification("Agents run on this machine again").waitFor();
  });
});
