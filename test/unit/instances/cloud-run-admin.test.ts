import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Settings, type SettingsInput } from "../../../schemas/settings.ts";
import { CloudRunAdmin } from "../../../server/instances/drivers/cloud-run/admin.ts";
import { checkCloudRun } from "../../../server/instances/drivers/cloud-run/check.ts";
import { chooseRegion, openRegions } from "../../../server/instances/drivers/cloud-run/choose.ts";
import { labelsOf, stateOf } from "../../../server/instances/drivers/cloud-run/service.ts";
import { Services } from "../../../server/instances/drivers/cloud-run/services.ts";
import { cloudRunError } from "../../../server/instances/drivers/cloud-run/errors.ts";
import { ACCESS_TOKEN } from "../../support/cloud-run/identity.ts";
import { restoreEnvironment } from "../../support/environment.ts";

const REFUSING = "asia-east1";
const ALSO_REFUSING = "asia-east2";
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
  /** Of the service that each region has. */
  let labels: Record<string, string>;
  /** The regions in which it was deleted. */
  let deleted: string[];
  /** What regions wait for before they answer; the others answer at once. */
  let held: Map<string, Promise<unknown>>;
  let answered: (region: string) => void;

  const serviceIn = (region: string) => ({
    name: `projects/a-project/locations/${region}/services/one`,
    labels,
  });
  const answer = ({ url = "", method }: IncomingMessage, response: ServerResponse): void => {
    const kind = url.startsWith("/computeMetadata/") ? "metadata" : "api";
    asked.push(kind);
    silent[kind] -= 1;
    if (silent[kind] >= 0) return;
    const region = /\/locations\/([^/]+)/.exec(url)?.[1] ?? "";
    response.once("finish", () => {
      answered(region);
    });
    if (method === "DELETE") deleted.push(region);
    const token = { access_token: ACCESS_TOKEN, expires_in: 3600, token_type: "Bearer" };
    void Promise.resolve(held.get(region)).then(() => {
      response.writeHead([REFUSING, ALSO_REFUSING].includes(region) ? 403 : 200, {
        "metadata-flavor": "Google",
        "content-type": "application/json",
      });
      const said =
        method === "DELETE" ? { name: "an-operation", done: true } : { services: [serviceIn(region)] };
      response.end(JSON.stringify(kind === "api" ? said : token));
    });
  };

  beforeEach(async () => {
    silent = { metadata: 0, api: 0 };
    asked = [];
    labels = {};
    deleted = [];
    held = new Map();
    answered = () => undefined;
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
    assert.deepEqual(await admin.list({}, AbortSignal.timeout(60_000)), [serviceIn("a-region")]);
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

  describe("in several regions", () => {
    const FAR = "us-central1";
    const NEAR = "europe-west1";
    const choose = async (cloud_run: SettingsInput["cloud_run"]): Promise<string> => {
      const settings = Settings.parse({
        cloud_run: { project: "a-project", network: "closed", ...cloud_run },
      }).cloud_run;
      return (await chooseRegion(await openRegions(settings), settings)).region;
    };

    it("is the first that answers, or the one that answers soonest", async () => {
      const near = Promise.withResolvers<unknown>();
      held.set(FAR, near.promise);
      answered = (region) => {
        if (region === NEAR) near.resolve(null);
      };
      assert.equal(await choose({ regions: [FAR, NEAR], choose_by: "latency" }), NEAR);
      assert.equal(await choose({ regions: [FAR, NEAR], choose_by: "order" }), FAR);
    });

    it("is not asked where there is only one", async () => {
      held.set(NEAR, new Promise(() => undefined));
      assert.equal(await choose({ regions: [NEAR, NEAR], region: FAR }), NEAR);
      assert.equal(await choose({ region: FAR }), FAR);
      assert.deepEqual(asked, []);
    });

    it("finds what an earlier runtime left in another one, and does without one that refuses", async () => {
      const settings = Settings.parse({
        cloud_run: { project: "a-project", network: "closed", regions: [FAR, NEAR, REFUSING] },
      }).cloud_run;
      const [admin, ...elsewhere] = await openRegions(settings);
      assert.ok(admin !== undefined);
      labels = labelsOf(stateOf(folder));
      const services = new Services({ admin, elsewhere, settings, stateFolder: folder, gateway: "" });
      assert.equal(await services.removeLeft(), 2);
      assert.deepEqual(deleted.toSorted(), [NEAR, FAR]);
    });

    it("are all checked, and the check names the ones that refuse", async () => {
      const check = (regions: string[]): Promise<string> => {
        const cloud_run = { project: "a-project", network: "closed", regions };
        return checkCloudRun(Settings.parse({ cloud_run }).cloud_run, AbortSignal.timeout(60_000));
      };
      assert.equal(await check([FAR, NEAR]), `the API answers in ${FAR}, ${NEAR}`);
      assert.match(
        await check([REFUSING, NEAR]),
        /^the API answers in europe-west1; not in asia-east1: .+403/,
      );
      await assert.rejects(check([REFUSING, ALSO_REFUSING]), { code: "cloud_run_unavailable" });
    });

    it("says that its own region refuses, also if another one answers later", async () => {
      const settings = Settings.parse({
        cloud_run: { project: "a-project", network: "closed", regions: [REFUSING, NEAR] },
      }).cloud_run;
      const [admin, ...elsewhere] = await openRegions(settings);
      assert.ok(admin !== undefined);
      const near = Promise.withResolvers<unknown>();
      held.set(NEAR, near.promise);
      answered = (region) => {
        if (region === REFUSING) setTimeout(near.resolve, 100);
      };
      const unhandled: unknown[] = [];
      const note = (reason: unknown) => unhandled.push(reason);
      process.prependListener("unhandledRejection", note);
      try {
        const services = new Services({ admin, elsewhere, settings, stateFolder: folder, gateway: "" });
        await assert.rejects(services.removeLeft(), { status: 403 });
        assert.deepEqual(unhandled, []);
      } finally {
        process.removeListener("unhandledRejection", note);
      }
    });

    it("names them if none answers", async () => {
      await assert.rejects(choose({ regions: [REFUSING, ALSO_REFUSING] }), {
        code: "cloud_run_unavailable",
        message: /none of the regions asia-east1, asia-east2 answers/,
      });
    });
  });
});
