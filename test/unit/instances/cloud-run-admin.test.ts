import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { CloudRunAdmin } from "../../../server/instances/drivers/cloud-run/admin.ts";
import { cloudRunError } from "../../../server/instances/drivers/cloud-run/errors.ts";
import { ACCESS_TOKEN } from "../../support/cloud-run/identity.ts";
import { restoreEnvironment } from "../../support/environment.ts";

const SERVICE = { name: "projects/a-project/locations/a-region/services/one", labels: {} };
const LATE = { region: "a-region", answerMilliseconds: 300 };

/** The metadata server and the Admin API of Google's cloud in one. Each may leave requests without an answer. */
describe("the Cloud Run Admin API", () => {
  let server: Server;
  let environment: NodeJS.ProcessEnv;
  /** Empty: neither gcloud nor its configuration is there. */
  let folder: string;
  /** Requests of each kind that get no answer, at first. */
  let silent: { metadata: number; api: number };
  let asked: string[];

  const answer = ({ url = "" }: IncomingMessage, response: ServerResponse): void => {
    const kind = url.startsWith("/computeMetadata/") ? "metadata" : "api";
    asked.push(kind);
    silent[kind] -= 1;
    if (silent[kind] >= 0) return;
    const token = { access_token: ACCESS_TOKEN, expires_in: 3600, token_type: "Bearer" };
    response.writeHead(200, { "metadata-flavor": "Google", "content-type": "application/json" });
    response.end(JSON.stringify(kind === "api" ? { services: [SERVICE] } : token));
  };

  beforeEach(async () => {
    silent = { metadata: 0, api: 0 };
    asked = [];
    server = createServer(answer).listen(0, "127.0.0.1");
    await once(server, "listening");
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    environment = { ...process.env };
    folder = await mkdtemp(join(tmpdir(), "coditect-gcloud-"));
    Object.assign(process.env, {
      ...{ GCE_METADATA_HOST: host, METADATA_SERVER_DETECTION: "assume-present" },
      ...{ CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: `http://${host}`, CLOUDSDK_CONFIG: folder, PATH: folder },
    });
    for (const name of ["GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "GOOGLE_APPLICATION_CREDENTIALS"])
      Reflect.deleteProperty(process.env, name);
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    restoreEnvironment(environment);
    await rm(folder, { recursive: true, force: true });
  });
  const open = (project: string | null) => CloudRunAdmin.open({ project, ...LATE });

  it("is asked again if it does not answer in time", async () => {
    silent.api = 1;
    const admin = await open("a-project");
    assert.deepEqual(await admin.list({}, AbortSignal.timeout(60_000)), [SERVICE]);
    // On a busy machine, other answers may be late, too.
    assert.ok(asked.filter((kind) => kind === "api").length > 1);
  });

  it("is waited for no longer than the caller wants", async () => {
    silent.api = Number.POSITIVE_INFINITY;
    const admin = await open("a-project");
    const error: unknown = await admin.list({}, AbortSignal.timeout(1000)).catch((reason: unknown) => reason);
    assert.equal(cloudRunError(error).code, "cloud_run_unavailable");
  });

  it("is not waited for if the credentials are not found in time", async () => {
    silent.metadata = Number.POSITIVE_INFINITY;
    const failed = { code: "cloud_run_unavailable" };
    await assert.rejects(open(null), { ...failed, message: /no project is known/ });
    const admin = await open("a-project");
    await assert.rejects(admin.list({}, AbortSignal.timeout(1000)));
    await assert.rejects(admin.door("https://one.example").token(), { ...failed, message: /no ID token/ });
    assert.ok(!asked.includes("api"), asked.join());
  });
});
