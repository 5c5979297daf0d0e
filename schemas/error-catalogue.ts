export interface CatalogueRow {
  /** What happened and to what; `{name}` is filled from the error's data. */
  message: string;
  /** What the user can do; `null` when there is nothing. */
  next: string | null;
  http: number;
  /** JSON-RPC code; -32xxx are the protocol's own, the others ours. */
  rpc: number;
  /** Whether it is put before the user, or only logged and returned. */
  show: boolean;
  /** Whether the same call can succeed later without a change. */
  retryable: boolean;
  /** Exit code of the command line. Contract: "Command line". */
  exit: 1 | 2 | 3 | 4 | 130;
}

/** The texts keep their literal types: `ErrorData` reads the placeholders from them. */
const row = <const Message extends string, const Next extends string | null>(
  message: Message,
  next: Next,
  {
    http,
    rpc,
    exit,
    show = true,
    retryable = false,
  }: Pick<CatalogueRow, "http" | "rpc" | "exit"> & Partial<CatalogueRow>,
): CatalogueRow & { message: Message; next: Next } => ({ message, next, http, rpc, show, retryable, exit });

const usage = { http: 400, rpc: -32602, exit: 2 } as const;
const missing = { http: 404, rpc: 404, exit: 2 } as const;
const conflict = { http: 409, rpc: 409, exit: 2 } as const;
const provider = { http: 502, rpc: 502, exit: 3 } as const;
const broken = { http: 500, rpc: -32603, exit: 3 } as const;
const limit = { http: 429, rpc: 429, exit: 4 } as const;

/** Every error a user or a program can get. `CONTRIBUTING.md` says how to add one. */
export const errorCatalogue = {
  // What was asked.
  invalid_params: row("{what} is not valid: {problems}", "Correct the named fields and try again.", usage),
  unknown_method: row("There is no method {method}.", null, { http: 404, rpc: -32601, exit: 2, show: false }),
  not_authorised: row(
    "{method} needs the role {role}.",
    "Ask an administrator of the server for a token with this role.",
    { http: 403, rpc: 403, exit: 2 },
  ),
  unauthenticated: row(
    "This request needs a bearer token.",
    "Use the token in the file that coditect serve names, or a token from coditect tokens create.",
    {
      http: 401,
      rpc: 401,
      exit: 2,
      show: false,
    },
  ),
  token_refused: row(
    "This token {problem}.",
    "Ask an administrator of the server for a new one (coditect tokens create).",
    { http: 401, rpc: 401, exit: 2 },
  ),
  audit_failed: row(
    "The audit log cannot be written: {reason}.",
    "Run coditect doctor on the server. Local commands still work.",
    { http: 503, rpc: 503, exit: 3 },
  ),
  too_many_requests: row("Too many requests.", "Try again in {seconds} s.", {
    http: 429,
    rpc: 429,
    exit: 3,
    retryable: true,
  }),
  precondition_failed: row(
    "{path} has changed since you read it.",
    "Read it again, and repeat the change if it is still right.",
    { http: 412, rpc: 412, exit: 2 },
  ),
  idempotency_key_reused: row(
    "This idempotency key belongs to another request.",
    "Use a new key for each new request.",
    { http: 422, rpc: 422, exit: 2 },
  ),
  outcome_unknown: row(
    "The request with this idempotency key was started, but its outcome is not known.",
    "Check whether it was done. If it was not, send it again with a new key.",
    conflict,
  ),
  draining: row("The server is shutting down and accepts no new work.", "Try again in {seconds} s.", {
    http: 503,
    rpc: 503,
    exit: 3,
    retryable: true,
  }),
  identity_provider_failed: row(
    "The identity provider cannot be used: {reason}.",
    "Try again, or use a token from coditect tokens create.",
    { http: 503, rpc: 503, exit: 3, retryable: true },
  ),
  not_local: row(
    "The runtime accepts requests from this machine only, not from {host}.",
    "Use http://127.0.0.1, and do not call it from a web page.",
    { http: 403, rpc: 403, exit: 2, show: false },
  ),
  verb_not_allowed: row("{path} does not support {verb}. It supports {allowed}.", null, {
    http: 405,
    rpc: -32601,
    exit: 2,
    show: false,
  }),
  body_too_large: row("The request body is larger than {limit}.", "Send a smaller request.", {
    http: 413,
    rpc: -32600,
    exit: 2,
    show: false,
  }),
  unknown_mutant: row(
    "No mutant of this change has the ID {ids}.",
    "Name a mutant that the tests of this change do not notice: {known}.",
    usage,
  ),
  usage: row("{problem}", "See coditect --help.", usage),
  not_found: row(
    "There is no {kind} {id}.",
    "Use the matching list command to see what is available.",
    missing,
  ),
  not_confirmable: row(
    "The finding {title} cannot be confirmed.",
    "Only open findings of the category equivalent-mutant can be confirmed. Dismiss other findings instead.",
    conflict,
  ),
  // Models.
  illegal_transition: row("{what} cannot go from {from} to {to}.", null, conflict),
  state_not_settable: row(
    "Only the runtime can set an instance to the state {state}.",
    "Choose Paused, Working, Stopping or Terminated.",
    conflict,
  ),
  agent_has_active_instances: row(
    "Agent {id} has {count} active instances.",
    "Terminate the instances first, then delete the agent.",
    conflict,
  ),
  agent_in_team: row(
    "Agent {id} is a member of {teams}.",
    "Give these teams another member first, then delete the agent.",
    conflict,
  ),
  agent_offline: row(
    "Agent {name} is offline.",
    "Set its status to Available, or choose another agent.",
    conflict,
  ),
  not_a_default: row(
    "{what} did not come with CODITECT, so there is nothing to restore.",
    "Use list to see the default agents and the built-in teams.",
    conflict,
  ),
  capability_missing: row(
    "Agent {name} cannot do the stage {stage}: it needs {needed}.",
    "Give the agent the capability, or the stage another member.",
    conflict,
  ),
  unknown_setting: row(
    "There is no setting {key}.",
    "Run coditect settings list to see all settings.",
    missing,
  ),
  setting_not_tighter: row(
    "A workspace cannot set {key} to {value}: yours is {own}, and a workspace can only tighten it.",
    "Change your own setting, or choose a stricter value for the workspace.",
    { ...conflict, http: 403 },
  ),
  name_taken: row(
    "There is already a {kind} named {name}.",
    "Choose another name, or change that one.",
    conflict,
  ),
  defined_in_file: row(
    "{what} is defined in {path}.",
    "Change the file. It is read again for every run.",
    conflict,
  ),
  // The workspace.
  file_not_found: row(
    "{path} does not exist in the workspace.",
    "Check the path. It is relative to {workspace}.",
    missing,
  ),
  not_a_text_file: row("{path} is {kind}, not a text file.", "Choose a source file.", usage),
  file_too_large: row(
    "{path} is too large: {size}. The limit is {limit}.",
    "Split the file, or choose another one.",
    usage,
  ),
  task_needed: row(
    "The team {workflow} needs a task.",
    "Describe the task. On the command line, use --task TEXT, or --task @FILE to read it from a file.",
    usage,
  ),
  no_file_transfer: row(
    "This runtime works on its own folder and takes no files.",
    "Send files to /workspaces/ID of a team server.",
    conflict,
  ),
  server_unreachable: row(
    "The team server {url} cannot be reached: {reason}.",
    "Check the address and the network, and try again. Runs on the server continue.",
    { ...provider, retryable: true },
  ),
  works_on_copy: row(
    "{what} is not possible on a team server, because the server has only a copy of the workspace.",
    "{hint}",
    conflict,
  ),
  workspace_not_sent: row(
    "Could not send the workspace to the server: its files kept changing.",
    "Try again when no program writes to the workspace.",
    conflict,
  ),
  files_too_large: row(
    "The workspace is too large for the server: {what}. The limit is {limit}.",
    "Add large folders to .coditectignore.",
    usage,
  ),
  too_many_workspaces: row(
    "You have {count} workspaces on this server, which is the maximum.",
    "Ask an administrator of the server to remove old ones.",
    limit,
  ),
  server_only: row("{what} can be changed only on the server.", "Ask an administrator of the server.", {
    http: 403,
    rpc: 403,
    exit: 2,
  }),
  outside_workspace: row("{path} is outside the workspace.", "Choose a file inside {workspace}.", usage),
  ignored_file: row(
    "Agents may not read {path}: it matches {rule}.",
    "Change .coditectignore to let agents read it.",
    usage,
  ),
  write_not_allowed: row(
    "This stage may not write {path}. The file is {kind}, and the stage may write {allowed}.",
    "Change only what this stage may write.",
    { ...conflict, http: 403 },
  ),
  not_encodable: row(
    "{path} uses the encoding {encoding}, which cannot represent: {characters}",
    "Remove these characters, or convert the file to UTF-8 first.",
    usage,
  ),
  no_test_runner: row(
    "No test runner found in {workspace}.",
    "Install a test runner, or specify the command that runs the tests with --test-command.",
    broken,
  ),
  tests_cannot_run: row("The tests of {workspace} cannot run: {problem}.", "{mend}", broken),
  change_conflict: row(
    "{path} changed after the run started, and the changes overlap.",
    "Merge the changes by hand. Nothing was overwritten.",
    conflict,
  ),
  change_set_decided: row("The changes of task {task_id} were already {status}.", null, conflict),
  write_failed: row(
    "Could not write {path}: {reason}.",
    "Check the permissions and the free disk space, then apply the changes again. Files that were already written are kept.",
    broken,
  ),
  output_not_written: row(
    "Could not write to standard output: {reason}.",
    "Free disk space, or send the output elsewhere.",
    broken,
  ),
  file_not_written: row(
    "Could not write {path}: {reason}.",
    "Free disk space, check the permissions, or choose another file.",
    broken,
  ),
  report_not_written: row(
    "Could not write the report to {path}: {reason}. The run itself is kept.",
    "Free disk space, or choose another file. coditect findings list shows what the report would contain.",
    broken,
  ),
  invalid_file: row("{path} is not valid: {problems}", "Correct these places in the file.", usage),
  package_unreadable: row(
    "{source} cannot be imported: {reason}.",
    "Give a file that coditect agents export or teams export wrote, npm:NAME, or a git URL.",
    usage,
  ),
  hash_differs: row(
    "{source} has the hash {hash}, not {expected}.",
    "The package has changed. Check what it may do before you import it.",
    usage,
  ),
  import_unconfirmed: row(
    "Nothing was imported from {source}.",
    "To import exactly what was shown, add --hash {hash}.",
    usage,
  ),
  import_in_the_way: row(
    "Nothing was imported: {paths} would be replaced.",
    "Rename or delete these files first.",
    conflict,
  ),
  // Teams and runs.
  unknown_workflow: row("There is no team or workflow named {name}.", "Available: {names}.", missing),
  invalid_workflow: row("Team {name} cannot run: {problems}", "Correct these stages.", usage),
  run_not_resumable: row(
    "The run of task {task_id} cannot be resumed: its status is {status}.",
    null,
    conflict,
  ),
  gate_failed: row(
    "The gate {gate} of stage {stage} failed: {reason}",
    "Read the transcript of the stage. Its work is kept, and you can retry from there.",
    { http: 422, rpc: 422, exit: 1 },
  ),
  stages_conflict: row(
    "The stages {stages} changed the same lines of {path}.",
    "Make one stage depend on the other. The change set of each stage is kept.",
    { ...conflict, exit: 1 },
  ),
  agent_gave_up: row(
    "{agent} stopped before its work was finished: {reason}",
    "Read the transcript. A larger model or a smaller task may help.",
    { http: 422, rpc: 422, exit: 1 },
  ),
  cancelled: row("{what} was cancelled.", null, { http: 409, rpc: -32800, exit: 130, show: false }),
  timed_out: row(
    "{what} took longer than {seconds} s.",
    "Increase the time limit, or make the task smaller.",
    {
      http: 504,
      rpc: 504,
      exit: 4,
      retryable: true,
    },
  ),
  limit_reached: row(
    "The next call could exceed the limit {limit} of {value}: {used} is used, and the call may need {needed}.",
    "Increase {setting}, then continue with coditect resume.",
    limit,
  ),
  rate_limited: row(
    "The rate limit of {limit} for {provider} is reached.",
    "It resets within a minute. Increase {setting} if your plan allows more.",
    { ...limit, retryable: true },
  ),
  // Providers.
  provider_unreachable: row("Cannot reach {provider} at {endpoint}: {reason}", "{hint}", {
    ...provider,
    retryable: true,
  }),
  provider_paused: row(
    "{fault} {provider} failed several times in a row. CODITECT will try again in {seconds} s.",
    "{hint}",
    { ...provider, retryable: true },
  ),
  provider_failed: row(
    "{provider} answered {status}: {reason}",
    "Try again later, or configure a failover provider.",
    {
      ...provider,
      retryable: true,
    },
  ),
  provider_refused: row(
    "{provider} refused the request ({status}): {reason}",
    "Check the model and its settings.",
    provider,
  ),
  provider_quota: row(
    "Your quota at {provider} is exhausted: {reason}",
    "Check your plan and billing with the provider.",
    provider,
  ),
  provider_only_in_editor: row(
    "The provider vscode works only in VS Code.",
    "Start the run in VS Code, or choose another provider here with coditect models use PROVIDER.",
    usage,
  ),
  model_not_allowed: row(
    "VS Code does not let CODITECT use the language model {model}: {reason}",
    "Allow it in VS Code with Manage Language Model Access in the Accounts menu, or choose another model.",
    { ...provider, http: 403 },
  ),
  credential_missing: row(
    "No API key for {provider}.",
    "Set {variable}, or run coditect credentials set {name}.",
    {
      ...provider,
      http: 401,
    },
  ),
  credential_rejected: row("{provider} rejected the API key.", "Set a valid key: {variable}.", {
    ...provider,
    http: 401,
  }),
  credential_malformed: row(
    "The key in {source} cannot be used: {reason}.",
    "Set {source} to the key alone.",
    { ...provider, http: 401 },
  ),
  credentials_closed: row("Cannot read the stored keys: {reason}", "{hint}", {
    ...provider,
    http: 401,
  }),
  model_not_found: row("{provider} has no model {model}.", "{hint}", { ...provider, http: 404 }),
  effort_not_taken: row("{model} of {provider} does not accept the effort {effort}.", "{hint}", usage),
  context_too_long: row(
    "The conversation is too long for {model}: about {tokens} tokens, and its context window is {window}.",
    "Use a model with a larger context window, or make the task smaller.",
    provider,
  ),
  answer_blocked: row(
    "{provider} returned no answer: {reason}",
    "Rephrase the task, or use another model.",
    provider,
  ),
  // Tools that leave the instance.
  tool_server_failed: row(
    "The MCP server {server} failed: {reason}",
    "Check its entry in .coditect/mcp.json, and run its command by hand.",
    { ...provider, retryable: true },
  ),
  tool_server_login: row(
    "The MCP server {server} asks you to log in.",
    "Run coditect mcp login {server} in the workspace, or use CODITECT: Log In to MCP Server in VS Code.",
    { ...provider, http: 401, rpc: 401 },
  ),
  login_failed: row(
    "The login to the MCP server {server} failed: {reason}",
    "Check its entry, and that its hosts are public or in allowed_hosts. Then log in again.",
    provider,
  ),
  host_refused: row(
    "Tools may not connect to {host}:{port}.",
    "It is a private address, or it redirects too often. Add it to allowed_hosts if you trust it.",
    { http: 403, rpc: 403, exit: 3 },
  ),
  secret_missing: row(
    "The secret {name} is not set.",
    "Store it with coditect credentials set secret:{name}, or set the environment variable {variable}.",
    { ...provider, http: 401 },
  ),
  // Instances.
  worker_died: row(
    "The {what} of the instance ended unexpectedly: {how}.",
    "Resume the run to continue from its last checkpoint.",
    {
      ...broken,
      retryable: true,
    },
  ),
  instance_not_started: row(
    "The instance could not start: {reason}.",
    "Run coditect doctor, or read the runtime's log.",
    broken,
  ),
  instance_late: row(
    "The instance did not start in {seconds} s: {reason}.",
    "Remove this cause, or run agents somewhere else (--runtime).",
    broken,
  ),
  instance_failed: row(
    "The instance failed during {method}: {reason}",
    "Try again. If it fails again, report it with the runtime's log.",
    broken,
  ),
  instance_refused: row(
    "The instance was stopped, because {reason}.",
    "Try again, or choose another model for this agent.",
    broken,
  ),
  program_not_started: row("Cannot start {program}: {reason}.", "Check that it is installed.", broken),
  changes_too_large: row(
    "The agent changed more than can be returned: {count} files contain more than {megabytes} MiB.",
    "Add generated files to .coditectignore.",
    broken,
  ),
  run_not_begun: row("The run ended before an agent started: {reason}", null, broken),
  node_missing: row(
    "Cannot build the container image, because there is no Node program on PATH.",
    "Install Node and put it on PATH.",
    broken,
  ),
  setpriv_missing: row(
    "Cannot build the container image, because the program setpriv is not on PATH.",
    "Install util-linux.",
    broken,
  ),
  workspace_not_mirrored: row(
    "The container does not show the current state of the workspace: old files could not be removed.",
    "Restart the container engine, then try again.",
    broken,
  ),
  runtime_answer_unusable: row(
    "The runtime of this folder sent an unexpected response (status {status}).",
    "End that runtime, then try again.",
    broken,
  ),
  runtime_gone_for_worker: row(
    "The instance called {method} and could not reach its runtime: {reason}.",
    "Resume the run.",
    broken,
  ),
  engine_unavailable: row("Cannot use the container engine: {reason}", "{hint}", broken),
  cluster_unavailable: row("Cannot use the Kubernetes cluster: {reason}.", "{hint}", broken),
  cloud_run_unavailable: row("Cannot use Cloud Run: {reason}.", "{hint}", broken),
  instance_exposed: row("An instance can reach {reached}.", "{hint}", broken),
  pod_patch_refused: row(
    "The setting kubernetes.patch changes fields that confine an instance: {paths}.",
    "Remove these fields from the patch, or list them in kubernetes.patch_allowed.",
    usage,
  ),
  warm_pod_differs: row(
    "A pod from the warm pool {pool} differs from the pod that an instance needs, in these fields: {paths}.",
    "Create the pool again from the output of coditect cluster warm-pool {pool}, or list these fields in kubernetes.patch_allowed.",
    usage,
  ),
  image_not_built: row(
    "The image {image} has no Node for the worker.",
    "Add it with coditect image build --base {image}, and push the new image.",
    usage,
  ),
  registry_refused: row(
    "The registry refused {name}: {reason}.",
    "Log in with docker login, and check that you may push to this repository.",
    broken,
  ),
  image_missing: row("The container image {image} does not exist.", "Run coditect image build.", broken),
  image_outdated: row(
    "The container image {image} was built by another version of CODITECT Agents.",
    "Build it again: coditect image build.",
    broken,
  ),
  sandbox_unavailable: row(
    "Agents' commands cannot be sandboxed on this machine: {reason}.",
    "Install bubblewrap, use the Docker runtime, or allow unconfined commands in the settings.",
    broken,
  ),
  consent_needed: row(
    "Commands of agents, such as the project's tests, would run without a sandbox on this machine: {reason}.",
    "Install bubblewrap, use the Docker runtime, or allow it for this workspace (coditect run --unconfined allow).",
    { ...conflict, exit: 3 },
  ),
  too_many_hidden: row(
    "{count} ignored or secret files and folders of the workspace must be hidden from agents, but a sandbox can hide only {limit}.",
    "Use the Docker runtime, delete generated files, or list their folders in .coditectignore.",
    { ...conflict, exit: 3 },
  ),
  configuration_unconfirmed: row(
    "The team {name} comes with this workspace, and you have not allowed its .coditect folder yet: {what}.",
    "If you trust it, allow it when you are asked, or with --allow-configuration {hash}.",
    { ...conflict, exit: 3 },
  ),
  team_unconfirmed: row(
    "The team {name} comes with this workspace, and you have not used it yet: {what}.",
    "If you trust it, allow it when you are asked, or with --allow-configuration {hash}.",
    { ...conflict, exit: 3 },
  ),
  hooks_unconfirmed: row(
    "Hooks of this workspace would run, and you have not allowed its .coditect folder as it is now: {what}.",
    "If you trust them, allow them when you are asked, or with --allow-configuration {hash}.",
    { ...conflict, exit: 3 },
  ),
  hook_refused: row("The hook {hook} refused at {event}: {reason}", "Do what it asks, or change the hook.", {
    ...conflict,
    exit: 1,
  }),
  hook_failed: row(
    "The hook {hook} failed at {event}: {reason}",
    "Fix it, or remove it from .coditect/hooks.json.",
    { ...conflict, exit: 3 },
  ),
  mcp_files_unconfirmed: row(
    "Agents would use the MCP servers of {files}, and you have not allowed them as they are now: {what}.",
    "If you trust them, allow them when you are asked, or with --allow-mcp-files {hash}.",
    { ...conflict, exit: 3 },
  ),
  mcp_tools_unconfirmed: row(
    "The MCP server {server} has changed its tools since you allowed it. They are now: {tools}.",
    "If you trust them, allow them when you are asked, or with --allow-mcp-tools {hash}.",
    { ...conflict, exit: 3 },
  ),
  exposure_unconfirmed: row(
    "The agent {agent} could read untrusted content ({reads}), use your secrets ({secrets}) and act outside this machine ({acts}). Whoever writes what it reads could act with your secrets.",
    "If you accept that, allow it when you are asked, or with --allow-exposure {hash}. Otherwise, remove one of the three from the agent.",
    { ...conflict, exit: 3 },
  ),
  pool_full: row(
    "All {count} instances are busy, and the limit does not allow another one.",
    "Wait until an instance is idle, terminate one, or increase the setting pool.max_instances.",
    { http: 503, rpc: 503, exit: 3, retryable: true },
  ),
  runtime_not_allowed: row(
    "The work would run on {runtime}, but this workspace stays on this machine.",
    "Use the runtime Local, or turn off the setting local_only.",
    usage,
  ),
  queue_full: row(
    "The queue is full: {count} executions are waiting.",
    "Try again when some of them have finished.",
    {
      http: 503,
      rpc: 503,
      exit: 3,
      retryable: true,
    },
  ),
  runtime_gone: row(
    "The process that owns the state folder no longer responds: {how}.",
    "Resume the run to continue from its last checkpoint.",
    { ...broken, retryable: true },
  ),
  // The store.
  state_locked: row(
    "The state folder {path} is in use by process {pid}.",
    "Stop that process, or wait until it ends.",
    { ...conflict, exit: 3 },
  ),
  state_foreign: row(
    "The state folder {path} was not created by you on this machine: {reason}.",
    "Delete it. If you are sure that it is yours, run coditect doctor --adopt.",
    { ...conflict, exit: 3 },
  ),
  folder_not_private: row(
    "Other users can access the folder {path}: {reason}.",
    "Delete it, or change its permissions so that only you can open it. If its file system does not support permissions, such as /mnt/c in WSL, set XDG_CONFIG_HOME to a folder on a file system that does.",
    broken,
  ),
  untrusted_workspace: row(
    "This workspace is not trusted, so CODITECT does not open anything in it.",
    "Trust the workspace to run agents in it.",
    { http: 403, rpc: 403, exit: 2, show: false },
  ),
  state_damaged: row("{file} is damaged at {place}.", "Run coditect doctor, or restore {backup}.", broken),
  state_newer: row(
    "{file} was written by a newer version (schema {found}; this version supports {known}).",
    "Update CODITECT Agents. The file was not changed.",
    broken,
  ),
  state_read_only: row(
    "Cannot write to the state folder: {reason}",
    "Free disk space or repair the disk, then restart. Nothing that was reported as saved is lost.",
    { ...broken, http: 503 },
  ),
  runtime_unusable: row(
    "The runtime is not available: {reason}",
    "Run CODITECT: Restart Runtime, or read the runtime's log.",
    broken,
  ),
  internal: row(
    "An internal error occurred in the runtime ({reference}).",
    "Read the runtime's log.",
    broken,
  ),
} as const satisfies Record<string, CatalogueRow>;
