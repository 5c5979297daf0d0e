-- Drives `coditect lsp --stdio` as a user of Neovim does, and writes down what the editor then knows.
-- Arguments: the workspace, the file for the answer, then the command of the server.
local workspace, answer = arg[1], arg[2]
local command = vim.list_slice(arg, 3)

vim.cmd("edit " .. vim.fn.fnameescape(workspace .. "/src/price.js"))
local buffer = vim.api.nvim_get_current_buf()
local client_id = vim.lsp.start_client({ name = "coditect", cmd = command, root_dir = workspace })
vim.lsp.buf_attach_client(buffer, client_id)
vim.wait(30000, function()
  return #vim.diagnostic.get(buffer) > 0
end, 20)

local client = vim.lsp.get_client_by_id(client_id)
local told = {
  commands = client.server_capabilities.executeCommandProvider.commands,
  diagnostics = vim.tbl_map(function(found)
    return { line = found.lnum, source = found.source, message = found.message }
  end, vim.diagnostic.get(buffer)),
}

local published = vim.lsp.diagnostic.get_line_diagnostics(buffer, 1)
local reply = client.request_sync("textDocument/codeAction", {
  textDocument = vim.lsp.util.make_text_document_params(buffer),
  range = { start = { line = 1, character = 0 }, ["end"] = { line = 1, character = 1 } },
  context = { diagnostics = published },
}, 10000, buffer)
told.actions = {}
for _, action in ipairs(reply.result or {}) do
  table.insert(told.actions, action.title)
  if action.edit and action.kind == "quickfix" then
    vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
  end
end
told.lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)

local refused = client.request_sync("workspace/executeCommand", {
  command = told.commands[1],
  arguments = {},
}, 10000, buffer)
told.refusal = refused.err and refused.err.message or ""

vim.fn.writefile({ vim.json and vim.json.encode(told) or vim.fn.json_encode(told) }, answer)
client.stop()
vim.wait(5000, function()
  return client.is_stopped()
end, 20)
vim.cmd("quitall!")
