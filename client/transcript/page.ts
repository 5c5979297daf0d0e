import MarkdownIt from "markdown-it";
import { htmlText, plainText } from "../../schemas/plain-text.ts";
import type { Block } from "./blocks.ts";

/** Messages to the page: blocks to append, and the streaming answer. Both are HTML. */
export interface PageUpdate {
  blocks: string;
  streaming: string;
}

// A model's text may contain anything, so it gets no HTML, no pictures, and only links that a click opens.
const markdown = new MarkdownIt({ html: false, linkify: false });
markdown.validateLink = (address) => /^https?:\/\//i.test(address);
markdown.disable("image");

const words = (text: string): string => markdown.render(plainText(text));

/** A block as HTML. It contains no script and loads nothing, even if the text in it is hostile. */
export const blockHtml = (block: Block): string => {
  switch (block.kind) {
    case "heading":
      return `<h2>${htmlText(block.title)} <small>${htmlText(block.fact)}</small></h2>`;
    case "words":
      return `<div class="words">${words(block.text)}</div>`;
    case "thoughts":
      return `<div class="thoughts">${words(block.text)}</div>`;
    case "note":
      return `<p class="note">${htmlText(block.text)}</p>`;
    case "details":
      return `<details${block.failed ? ' class="failed"' : ""}><summary>${htmlText(block.title)}</summary><pre tabindex="0">${htmlText(block.text)}</pre></details>`;
  }
};

export const streamingHtml = (text: string): string =>
  text === "" ? "" : `<div class="words">${words(text)}</div>`;

/** The page around the blocks, in the editor's own colors. It runs its own script and loads nothing. */
export const transcriptPage = (
  title: string,
  copy: string,
  { blocks, streaming }: PageUpdate,
  nonce: string,
): string => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'">
<title>${htmlText(title)}</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<header><h1>${htmlText(title)}</h1><button id="copy">${htmlText(copy)}</button></header>
<main id="blocks">${blocks}</main>
<div id="streaming" aria-live="polite">${streaming}</div>
<script nonce="${nonce}">${SCRIPT}</script>
</body>
</html>
`;

const STYLE = `
body { max-width: 60rem; padding: 0 1.5rem 3rem; line-height: 1.5; }
header { position: sticky; top: 0; display: flex; align-items: center; gap: 1rem; background: var(--vscode-editor-background); border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent)); }
h1 { font-size: 1.2em; }
h2 { font-size: 1em; margin: 1.6em 0 .4em; }
h2 small { font-weight: normal; color: var(--vscode-descriptionForeground); }
button { padding: 4px 10px; border: 1px solid var(--vscode-button-border, var(--vscode-contrastBorder, transparent)); color: var(--vscode-button-secondaryForeground); background: var(--vscode-button-secondaryBackground); cursor: pointer; }
button:hover { background: var(--vscode-button-secondaryHoverBackground); }
:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 1px; }
pre, code { font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); }
pre { overflow: auto; max-height: 40rem; padding: .6em; background: var(--vscode-textCodeBlock-background); border: 1px solid var(--vscode-contrastBorder, transparent); white-space: pre-wrap; overflow-wrap: anywhere; }
details { margin: .3em 0; }
summary { cursor: pointer; color: var(--vscode-descriptionForeground); }
.failed > summary { color: var(--vscode-errorForeground); }
.thoughts, .note { color: var(--vscode-descriptionForeground); border-left: 2px solid var(--vscode-textBlockQuote-border, currentColor); padding-left: .8em; margin-left: 0; white-space: pre-line; }
.thoughts { font-style: italic; white-space: normal; }
`;

// Appends the blocks that it gets, follows the end while the reader is there, and handles the copy button.
const SCRIPT = `
const vscode = acquireVsCodeApi();
const page = document.scrollingElement;
document.getElementById("copy").addEventListener("click", () => vscode.postMessage("copy"));
addEventListener("message", ({ data }) => {
  const isAtEnd = page.scrollTop + innerHeight >= page.scrollHeight - 40;
  document.getElementById("blocks").insertAdjacentHTML("beforeend", data.blocks);
  document.getElementById("streaming").innerHTML = data.streaming;
  if (isAtEnd) page.scrollTop = page.scrollHeight;
});
`;
