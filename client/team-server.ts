import * as vscode from "vscode";
import { isLoopback } from "../schemas/loopback.ts";
import { setting } from "./settings.ts";

/** The data that the language server needs for a team server. */
export interface TeamServerSession {
  url: string;
  token: string;
  /** Identifies this machine, so that a folder is the same workspace on the server the next time. */
  machine: string;
}

/** Stored in the workspace's own storage, which nothing in the workspace can write. */
const CHOSEN = "coditect.teamServer";
const MACHINE = "coditect.machine";

/** A token belongs to the address that the user gave it for. Another server never gets it. */
const secretName = (url: string): string => `coditect.teamServer ${url}`;

/** The normalized address. Null: it is not allowed. http is only for this machine. */
export const serverAddress = (text: string): string | null => {
  const url = URL.parse(text.trim());
  if (url === null) return null;
  if (`${url.username}${url.password}${url.search}${url.hash}` !== "") return null;
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
  return isSafe ? url.href.replace(/\/+$/, "") : null;
};

/**
 * The team server that runs use instead of this machine. Its address is a setting of the user, its token is
 * in the editor's secret storage, and the user chooses it for each workspace.
 */
export class TeamServer {
  readonly #secrets: vscode.SecretStorage;
  readonly #workspace: vscode.Memento;
  readonly #global: vscode.Memento;

  constructor({
    secrets,
    workspaceState,
    globalState,
  }: Pick<vscode.ExtensionContext, "secrets" | "workspaceState" | "globalState">) {
    this.#secrets = secrets;
    this.#workspace = workspaceState;
    this.#global = globalState;
  }

  /** The address in the setting. Null: there is none, or it is not allowed. */
  get address(): string | null {
    return serverAddress(setting("server.url"));
  }

  /** Whether the user chose the server of the setting for this workspace. */
  get isChosen(): boolean {
    return this.address !== null && this.#workspace.get(CHOSEN) === this.address;
  }

  storedToken(url: string): Thenable<string | undefined> {
    return this.#secrets.get(secretName(url));
  }

  /** The server to connect to. Null: runs use this machine. */
  async session(): Promise<TeamServerSession | null> {
    const url = this.address;
    if (url === null || !this.isChosen || !vscode.workspace.isTrusted) return null;
    const token = await this.storedToken(url);
    return token === undefined ? null : { url, token, machine: await this.#machine() };
  }

  async signIn(url: string, token: string): Promise<void> {
    await this.#secrets.store(secretName(url), token);
    await this.#workspace.update(CHOSEN, url);
  }

  /** Removes the token. Every workspace uses this machine again. */
  async signOut(url: string): Promise<void> {
    await this.#secrets.delete(secretName(url));
    await this.#workspace.update(CHOSEN, undefined);
  }

  async #machine(): Promise<string> {
    const known = this.#global.get<string>(MACHINE);
    if (known !== undefined) return known;
    const made = crypto.randomUUID();
    await this.#global.update(MACHINE, made);
    return made;
  }
}
