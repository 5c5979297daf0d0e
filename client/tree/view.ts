import * as vscode from "vscode";
import { fileInFolder } from "../folders.ts";
import type { Item, Tree } from "./item.ts";
import type { Touch } from "./fold.ts";
import { createRedraw } from "./redraw.ts";
import { plainLine } from "../../schemas/plain-text.ts";

/** Changes that arrive at the same time are drawn together. */
const GATHER_MS = 20;
/**
 * VS Code draws a change immediately if the last one was more than 200 ms ago. Otherwise, it waits until none
 * arrived for 200 ms. Faster redraws than this would not update the tree while events arrive.
 */
const PACE_MS = 205;

export interface TreeView {
  readonly view: vscode.TreeView<string>;
  readonly touch: Touch;
  dispose(): void;
}

export interface TreeViewOptions {
  id: string;
  tree: Tree;
  root: string;
  /** Workspace folder (URI) of a node's file. */
  folderOf: (node: string) => string | null;
  /** Called before the children of a node are shown for the first time. */
  open?: (node: string) => Promise<void>;
}

/** Shows a tree in the sidebar. It only converts items to VS Code's own. */
export const createTreeView = ({ id, tree, root, folderOf, open }: TreeViewOptions): TreeView => {
  const changed = new vscode.EventEmitter<string[] | undefined>();
  let drawn = -PACE_MS;
  /** The IDs of drawn lines, by node. */
  const ids = new Map<string, string>();
  const touch = createRedraw({
    schedule: (flush) => setTimeout(flush, Math.max(GATHER_MS, drawn + PACE_MS - performance.now())),
    parent: tree.parent,
    // VS Code does not remove a line whose ID changes, and draws it over another one later.
    isReplaced: (node) => {
      const [known, item] = [ids.get(node), tree.item(node)];
      const isOther = known !== undefined && item !== null && known !== lineId(node, item);
      // A node below a collapsed line is not drawn now, so it must not redraw the line above each time.
      if (isOther) ids.delete(node);
      return isOther;
    },
    roots: [root],
    draw: (nodes) => {
      drawn = performance.now();
      if (nodes === null) ids.clear();
      changed.fire(nodes ?? undefined);
    },
  });
  const view = vscode.window.createTreeView<string>(id, {
    showCollapseAll: true,
    treeDataProvider: {
      onDidChangeTreeData: changed.event,
      getChildren: async (node) => {
        if (node !== undefined) await open?.(node);
        return tree.children(node ?? null);
      },
      getParent: (node) => tree.parent(node),
      getTreeItem: (node) => {
        const item = tree.item(node);
        if (item !== null) ids.set(node, lineId(node, item));
        return toTreeItem(node, item, folderOf(node));
      },
      resolveTreeItem: (item, node) => {
        item.tooltip = markdown(tree.tooltip(node));
        return item;
      },
    },
  });
  return {
    view,
    touch,
    dispose: () => {
      view.dispose();
      changed.dispose();
    },
  };
};

const markdown = (text: string): vscode.MarkdownString => new vscode.MarkdownString(text, true);

/**
 * VS Code stores by ID whether a line is expanded. A line that gets its first children gets a new ID, so that
 * a stage that starts is expanded, and one that the user collapsed stays collapsed.
 */
const lineId = (node: string, { state, generation = "" }: Item): string =>
  state === "leaf" ? node : `${node}+${generation}`;

const toTreeItem = (node: string, item: Item | null, folder: string | null): vscode.TreeItem => {
  if (item === null) return new vscode.TreeItem("");
  const shown = new vscode.TreeItem(plainLine(item.label), collapsibleStates[item.state]);
  shown.id = lineId(node, item);
  shown.description = typeof item.description === "string" ? plainLine(item.description) : item.description;
  shown.contextValue = item.flags.join(" ");
  shown.accessibilityInformation = { label: item.accessibleLabel };
  shown.iconPath = themeIcon(item.icon);
  if (item.file !== undefined && folder !== null) {
    shown.resourceUri = fileInFolder(folder, item.file);
    shown.iconPath = vscode.ThemeIcon.File;
  }
  if (item.command !== undefined)
    shown.command = { command: item.command, title: item.label, arguments: [node] };
  return shown;
};

const collapsibleStates: Record<Item["state"], vscode.TreeItemCollapsibleState> = {
  leaf: vscode.TreeItemCollapsibleState.None,
  collapsed: vscode.TreeItemCollapsibleState.Collapsed,
  expanded: vscode.TreeItemCollapsibleState.Expanded,
};

const themeIcon = ({ id, color }: Item["icon"]): vscode.ThemeIcon =>
  color === undefined ? new vscode.ThemeIcon(id) : new vscode.ThemeIcon(id, new vscode.ThemeColor(color));
