import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { z } from "zod";
import {
  commandIds,
  contextKeys,
  itemFlags,
  participantId,
  settingDefaults,
  toolNames,
  workspaceRules,
  viewIds,
} from "../../../client/contributions.ts";
import { readFrontMatter } from "../../../server/workspace/front-matter.ts";
import { EditorCommand } from "../../../schemas/editor.ts";
import { linkedCommandIds } from "../../../client/contributions.ts";

const Named = z.looseObject({
  command: z.string().optional(),
  when: z.string().optional(),
  group: z.string().optional(),
});
const Manifest = z.looseObject({
  contributes: z.looseObject({
    commands: z.array(
      z.looseObject({ command: z.string(), title: z.string(), enablement: z.string().optional() }),
    ),
    configuration: z.array(
      z.looseObject({
        properties: z.record(
          z.string(),
          z.looseObject({
            default: z.unknown(),
            scope: z.string().optional(),
            enum: z.array(z.string().nullable()).optional(),
          }),
        ),
      }),
    ),
    keybindings: z.array(
      z.looseObject({ command: z.string(), key: z.string(), mac: z.string(), when: z.string() }),
    ),
    menus: z.record(z.string(), z.array(Named)),
    views: z.record(z.string(), z.array(z.looseObject({ id: z.string(), when: z.string().optional() }))),
    viewsWelcome: z.array(Named),
    chatParticipants: z.array(z.looseObject({ id: z.string() })),
    languageModelTools: z.array(z.looseObject({ name: z.string(), toolReferenceName: z.string() })),
    chatSkills: z.array(z.strictObject({ path: z.string() })),
    chatAgents: z.array(z.strictObject({ path: z.string() })),
  }),
});

const read = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
const text = read("package.json");
const { contributes } = Manifest.parse(JSON.parse(text));
const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();

describe("the typed contributions equal package.json", () => {
  it("in its commands", () => {
    assert.deepEqual(sorted(contributes.commands.map(({ command }) => command)), sorted(commandIds));
  });

  it("in its settings and their defaults", () => {
    const properties = Object.assign(
      {},
      ...contributes.configuration.map((section) => section.properties),
    ) as Record<string, { default: unknown }>;
    const declared = Object.fromEntries(
      Object.entries(properties).map(([name, { default: value }]) => [name, value]),
    );
    const typed = Object.fromEntries(
      Object.entries(settingDefaults).map(([name, value]) => [`coditect.${name}`, value]),
    );
    assert.deepEqual(declared, typed);
  });

  it("in the settings that a workspace can write, each of which has a rule", () => {
    const written = contributes.configuration.flatMap(({ properties }) =>
      Object.entries(properties).flatMap(([name, { scope }]) => (scope === "machine" ? [] : [name])),
    );
    assert.deepEqual(sorted(written), sorted(Object.keys(workspaceRules).map((name) => `coditect.${name}`)));
  });

  it("in its views, chat participant and tools", () => {
    assert.deepEqual(
      sorted(
        Object.values(contributes.views)
          .flat()
          .map(({ id }) => id),
      ),
      sorted(Object.values(viewIds)),
    );
    assert.deepEqual(
      contributes.chatParticipants.map(({ id }) => id),
      [participantId],
    );
    assert.deepEqual(
      sorted(contributes.languageModelTools.map(({ name }) => name)),
      sorted(Object.values(toolNames)),
    );
  });

  it("in the context keys its clauses read", () => {
    const clauses = [
      ...Object.values(contributes.menus).flat(),
      ...contributes.viewsWelcome,
      ...Object.values(contributes.views).flat(),
      ...contributes.commands.map(({ enablement }) => ({ when: enablement })),
    ].map(({ when }) => when ?? "");
    const walkthrough = [...text.matchAll(/onContext:(coditect\.\w+)/g)].map(([, key = ""]) => key);
    const names = clauses.flatMap((clause) =>
      [...clause.matchAll(/(?<![\w=-] ?)(coditect\.\w+)\b(?! *\/)/g)].map(([, key = ""]) => key),
    );
    const views: string[] = Object.values(viewIds);
    assert.deepEqual(
      sorted([...names, ...walkthrough].filter((name) => !views.includes(name))),
      sorted(contextKeys),
    );
  });

  it("in the words its tree menus look for", () => {
    const words = (contributes.menus["view/item/context"] ?? []).map(
      ({ when = "" }) => /viewItem =~ \/\\b([\w-]+)\\b\//.exec(when)?.[1] ?? when,
    );
    assert.deepEqual(sorted(words), sorted(itemFlags));
  });

  it("in tree menus that are reached by keyboard: every button of a line is in its context menu too", () => {
    const items = contributes.menus["view/item/context"] ?? [];
    const named = (isInline: boolean) =>
      items
        .filter(({ group = "" }) => group.startsWith("inline") === isInline)
        .map(({ command, when }) => `${command} ${when}`);
    const inMenu = new Set(named(false));
    assert.deepEqual(
      named(true).filter((item) => !inMenu.has(item)),
      [],
    );
  });

  it("in the default keys of the two teams, which need a trusted workspace", () => {
    const { keybindings } = contributes;
    assert.deepEqual(
      keybindings.map(({ command, key }) => [command, key]),
      [
        ["coditect.runTdd", "ctrl+alt+t"],
        ["coditect.runBugFix", "ctrl+alt+b"],
      ],
    );
    for (const { when, key, mac } of keybindings) {
      assert.match(when, /\bisWorkspaceTrusted\b/);
      assert.equal(mac, key.replace("ctrl", "cmd"));
    }
  });

  it("in the commands its menus name, and those the language server may name", () => {
    const known = new Set<string>([...commandIds, ...linkedCommandIds]);
    const named = Object.values(contributes.menus)
      .flat()
      .flatMap(({ command }) => command ?? []);
    assert.deepEqual(
      [...named, ...EditorCommand.options].filter((command) => !known.has(command)),
      [],
    );
  });
});

describe("package.nls.json", () => {
  it("has every text package.json asks for, and no other", () => {
    const asked = [...text.matchAll(/"%([\w.]+)%"/g)].map(([, key = ""]) => key);
    const texts = z.record(z.string(), z.string().min(1)).parse(JSON.parse(read("package.nls.json")));
    assert.deepEqual(sorted(Object.keys(texts)), sorted(asked));
  });
});

describe("the skills and the agent for the editor's chat", () => {
  const { chatSkills, chatAgents, languageModelTools } = contributes;
  const frontOf = (path: string) => readFrontMatter(read(path)) ?? assert.fail(`${path} has no front matter`);

  it("have the names under which VS Code loads them, and a description that fits into a list", () => {
    for (const { path } of chatSkills) {
      const front = frontOf(path);
      assert.equal(front.field("name"), basename(dirname(path)));
      const description = front.field("description") ?? "";
      assert.ok(description.length > 0 && description.length <= 1024, path);
    }
    for (const { path } of chatAgents) {
      assert.match(path, /\.agent\.md$/);
      assert.notEqual(frontOf(path).field("description"), null);
    }
  });

  it("name tools that exist", () => {
    const known = new Set(languageModelTools.map(({ toolReferenceName }) => toolReferenceName));
    const named = chatSkills.flatMap(({ path }) =>
      [...read(path).matchAll(/#([\w-]+)/g)].map(([, name]) => name),
    );
    assert.ok(named.length > 0);
    assert.deepEqual(
      named.filter((name) => !known.has(name ?? "")),
      [],
    );
  });
});

/** What the schema of the registry and its checks of versions accept: https://github.com/agentclientprotocol/registry. */
const Entry = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/),
  name: z.string().min(1),
  version: z.string().regex(/^[0-9]+\.[0-9]+\.[0-9]+/),
  description: z.string().min(1),
  authors: z.array(z.string().min(1)),
  license: z.string(),
  distribution: z.strictObject({
    npx: z.strictObject({ package: z.string().min(1), args: z.array(z.string()) }),
  }),
});

describe("the entry for the registry of ACP agents", () => {
  it("has the registry's format, and starts this version", () => {
    const { name, version, license } = z
      .looseObject({ name: z.string(), version: z.string(), license: z.string() })
      .parse(JSON.parse(text));
    const entry = Entry.parse(JSON.parse(read("deploy/acp-registry/coditect/agent.json")));
    assert.equal(entry.id, "coditect");
    assert.equal(entry.version, version);
    assert.equal(entry.license, license);
    assert.deepEqual(entry.distribution.npx, { package: `${name}@${version}`, args: ["acp"] });
  });

  it("has an icon of 16 by 16 in the colour of the editor", () => {
    const icon = read("deploy/acp-registry/coditect/icon.svg");
    assert.match(icon, /^<svg [^>]*width="16" height="16"/);
    assert.doesNotMatch(icon.replaceAll("currentColor", ""), /(?:fill|stroke)="(?!none|")/);
  });
});
