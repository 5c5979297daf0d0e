import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { programPath } from "../../../workspace/find-program.ts";

/** The registry of names that do not contain one, and its key in Docker's configuration. */
const HUB = "docker.io";
const HUB_KEY = "https://index.docker.io/v1/";
const HELPER_MS = 20_000;

/** The parts of an image's name in a registry. */
export interface ImageName {
  registry: string;
  /** The name with the registry and without the tag. */
  repository: string;
  tag: string;
}

const NAME = /^(?<repository>[^@\s]+?)(?::(?<tag>[\w][\w.-]{0,127}))?$/;

/**
 * Parses a name; null if an image cannot be pushed with it. The first part is a registry if it is `localhost`
 * or contains a dot or colon.
 */
export const parseImageName = (name: string): ImageName | null => {
  const { repository, tag = "latest" } = NAME.exec(name)?.groups ?? {};
  if (repository === undefined || repository.startsWith("/")) return null;
  const [first = "", ...rest] = repository.split("/");
  const isRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return { registry: isRegistry ? first : HUB, repository, tag };
};

/** How an engine logs in to a registry. */
export type RegistryLogin =
  | { username: string; password: string; serveraddress: string }
  | { identitytoken: string; serveraddress: string };

const Configuration = z.object({
  auths: z
    .record(z.string(), z.object({ auth: z.string().optional(), identitytoken: z.string().optional() }))
    .default({}),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).default({}),
});

const Helped = z.object({ Username: z.string(), Secret: z.string() });

/** Asks one of Docker's credential helpers for a login; null if it has none for that registry. */
const askHelper = (helper: string, key: string): Promise<z.infer<typeof Helped> | null> =>
  new Promise((resolve) => {
    const program = programPath(`docker-credential-${helper}`);
    const child = execFile(program, ["get"], { timeout: HELPER_MS }, (error, stdout) => {
      if (error !== null) {
        resolve(null);
        return;
      }
      try {
        resolve(Helped.parse(JSON.parse(stdout)));
      } catch {
        resolve(null);
      }
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(key);
  });

const fromHelper = ({ Username, Secret }: z.infer<typeof Helped>, serveraddress: string): RegistryLogin =>
  // Helpers mark a token with this user name.
  Username === "<token>"
    ? { identitytoken: Secret, serveraddress }
    : { username: Username, password: Secret, serveraddress };

/**
 * The login from `docker login` for a registry, from `config.json` or a credential helper. Null if there is
 * none; the registry is then used without a login.
 */
export const registryLogin = async (registry: string): Promise<RegistryLogin | null> => {
  const folder = process.env.DOCKER_CONFIG ?? join(homedir(), ".docker");
  const stored = await readFile(join(folder, "config.json"), "utf8").catch(() => null);
  if (stored === null) return null;
  const { auths, credsStore, credHelpers } = Configuration.parse(JSON.parse(stored));
  const keys = registry === HUB ? [HUB_KEY, HUB] : [registry, `https://${registry}`];
  for (const key of keys) {
    const helper = credHelpers[key] ?? credsStore;
    const helped = helper === undefined ? null : await askHelper(helper, key);
    if (helped !== null) return fromHelper(helped, key);
    const { auth, identitytoken } = auths[key] ?? {};
    if (identitytoken !== undefined && identitytoken !== "") return { identitytoken, serveraddress: key };
    if (auth === undefined || auth === "") continue;
    const [username = "", ...password] = Buffer.from(auth, "base64").toString("utf8").split(":");
    return { username, password: password.join(":"), serveraddress: key };
  }
  return null;
};
