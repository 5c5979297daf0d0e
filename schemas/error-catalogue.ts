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
  not_authorised: row("{method} needs the role {role}.", null, { http: 403, rpc: 403, exit: 2 }),
  unauthenticated: row("A bearer token is needed.", "Take it from the file that coditect serve names.", {
    http: 401,
    rpc: 401,
    exit: 2,
    show: false,
  }),
  not_local: row(
    "Only programs on this machine are answered, not {host}.",
    "Ask for http://127.0.0.1, and not from a web page.",
    { http: 403, rpc: 403, exit: 2, show: false },
  ),
  verb_not_allowed: row("{path} answers to {allowed}, not to {verb}.", null, {
    http: 405,
    rpc: -32601,
    exit: 2,
    show: false,
  }),
  body_too_large: row("The body of a request may have {limit}.", "Send less at once.", {
    http: 413,
    rpc: -32600,
    exit: 2,
    show: false,
  }),
  usage: row("{problem}", "See coditect --help.", usage),
  not_found: row("There is no {kind} {id}.", "List what there is with the matching list command.", missing),
  // Models.
  illegal_transition: row("{what} cannot go from {from} to {to}.", null, conflict),
  agent_has_active_instances: row(
    "Agent {id} has {count} active instances.",
    "Terminate them first, then delete the agent.",
    conflict,
  ),
  // The workspace.
  file_not_found: row(
    "{path} does not exist in the workspace.",
    "Check the path; it counts from {workspace}.",
    missing,
  ),
  not_a_text_file: row("{path} is {kind}, not a text file.", "Choose a source file.", usage),
  file_too_large: row(
    "{path} has {size}; files up to {limit} can be worked on.",
    "Split the file, or choose another.",
    usage,
  ),
  task_needed: row(
    "The team {workflow} was not told what it is about.",
    "Describe it; on the command line with --task TEXT, or --task @FILE for what stands in a file.",
    usage,
  ),
  outside_workspace: row("{path} is outside the workspace.", "Choose a file inside {workspace}.", usage),
  ignored_file: row(
    "{path} is closed to agents by {rule}.",
    "Change .coditectignore if agents should see it.",
    usage,
  ),
  write_not_allowed: row(
    "{path} may not be written in this stage: it is {kind}, and the stage may write {allowed}.",
    "Leave it as it is.",
    { ...conflict, http: 403 },
  ),
  not_encodable: row(
    "{path} holds {encoding}, which cannot express: {characters}",
    "Write the text without them, or convert the file to UTF-8 first.",
    usage,
  ),
  no_test_runner: row(
    "No test runner was found in {workspace}.",
    "Install vitest, jest, mocha or pytest, use node:test, or name a command with --test-command.",
    usage,
  ),
  change_conflict: row(
    "{path} has changed since the run began, and the changes overlap.",
    "Review it by hand: nothing was overwritten.",
    conflict,
  ),
  change_set_decided: row("The changes of task {task_id} were already {status}.", null, conflict),
  write_failed: row(
    "{path} could not be written ({reason}).",
    "Check its permissions and the free space, then apply again: what was written stays written.",
    broken,
  ),
  invalid_file: row("{path} is not valid: {problems}", "Correct the named places.", usage),
  // Teams and runs.
  unknown_workflow: row("There is no team or workflow {name}.", "There are: {names}.", missing),
  invalid_workflow: row("Team {name} cannot run: {problems}", "Correct the named stages.", usage),
  run_not_resumable: row(
    "The run of task {task_id} is {status}; there is nothing to resume.",
    null,
    conflict,
  ),
  gate_failed: row(
    "The gate {gate} of stage {stage} did not hold: {reason}",
    "Look at the transcript of the stage; its work is kept and can be retried.",
    { http: 422, rpc: 422, exit: 1 },
  ),
  stages_conflict: row(
    "The stages {stages} changed the same lines of {path}.",
    "Let one of them depend on the other; the change set of each is kept.",
    { ...conflict, exit: 1 },
  ),
  agent_gave_up: row(
    "{agent} ended without finishing its work: {reason}",
    "Look at the transcript; a larger model or a smaller task may help.",
    { http: 422, rpc: 422, exit: 1 },
  ),
  cancelled: row("{what} was cancelled.", null, { http: 409, rpc: -32800, exit: 130, show: false }),
  timed_out: row("{what} took longer than {seconds} s.", "Raise the time limit, or make the task smaller.", {
    http: 504,
    rpc: 504,
    exit: 4,
    retryable: true,
  }),
  limit_reached: row(
    "The limit {limit} of {value} would be passed: {used} is used and this call may need {needed}.",
    "Raise {setting}, or go on with coditect resume after raising it.",
    limit,
  ),
  rate_limited: row(
    "The limit of {limit} for {provider} is used up for now.",
    "It frees itself within a minute; raise {setting} if your plan allows more.",
    { ...limit, retryable: true },
  ),
  // Providers.
  provider_unreachable: row("{provider} cannot be reached at {endpoint}: {reason}", "{hint}", {
    ...provider,
    retryable: true,
  }),
  provider_failed: row(
    "{provider} answered {status}: {reason}",
    "Try again later, or set a failover provider.",
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
    "The quota at {provider} is used up: {reason}",
    "Check your plan and billing there.",
    provider,
  ),
  credential_missing: row(
    "There is no key for {provider}.",
    "Set {variable}, or run coditect credentials set {name}.",
    {
      ...provider,
      http: 401,
    },
  ),
  credential_rejected: row("{provider} does not accept the key.", "Set a valid one: {variable}.", {
    ...provider,
    http: 401,
  }),
  credentials_closed: row("The stored keys cannot be read: {reason}", "{hint}", {
    ...provider,
    http: 401,
  }),
  model_not_found: row("{provider} has no model {model}.", "{hint}", { ...provider, http: 404 }),
  context_too_long: row(
    "The conversation of about {tokens} tokens does not fit the window of {model} ({window}).",
    "Use a model with a larger window, or a smaller task.",
    provider,
  ),
  answer_blocked: row(
    "{provider} gave no answer: {reason}",
    "Rephrase the task, or use another model.",
    provider,
  ),
  // Instances.
  worker_died: row(
    "The instance's {what} ended ({how}).",
    "Resume the run: it goes on from its last checkpoint.",
    {
      ...broken,
      retryable: true,
    },
  ),
  worker_failed: row("The instance could not {what}: {reason}", "See the log of the runtime.", broken),
  engine_unavailable: row("The container engine cannot be used: {reason}", "{hint}", broken),
  image_missing: row("The image {image} is not there.", "Build it: coditect image build.", broken),
  sandbox_unavailable: row(
    "Commands of agents cannot be confined here: {reason}.",
    "Install bubblewrap, use the Docker runtime, or allow unconfined commands in the settings.",
    broken,
  ),
  consent_needed: row(
    "Commands of agents, such as the project's tests, would run without a sandbox here: {reason}.",
    "Allow it for this workspace (coditect run --unconfined allow), install bubblewrap, or use the Docker runtime.",
    { ...conflict, exit: 3 },
  ),
  pool_full: row(
    "{count} instances run already and are needed, and no more are allowed.",
    "Terminate one, wait until one is idle, or raise the setting pool.max_instances.",
    { http: 503, rpc: 503, exit: 3, retryable: true },
  ),
  queue_full: row("{count} executions wait already.", "Try again when some have finished.", {
    http: 503,
    rpc: 503,
    exit: 3,
    retryable: true,
  }),
  runtime_gone: row(
    "The process that had the state folder does not answer any more ({how}).",
    "Resume the run: it goes on from its last checkpoint.",
    { ...broken, retryable: true },
  ),
  // The store.
  state_locked: row("The state folder {path} is in use by process {pid}.", "Stop it, or attach to it.", {
    ...conflict,
    exit: 3,
  }),
  state_foreign: row(
    "The state folder {path} was not made by you on this machine: {reason}.",
    "Remove it. If you know that it is yours, run coditect doctor --adopt.",
    { ...conflict, exit: 3 },
  ),
  folder_not_private: row(
    "The folder {path} must be yours alone: {reason}.",
    "Remove it, or make it a folder that only you can open.",
    broken,
  ),
  untrusted_workspace: row(
    "You do not trust this workspace, so nothing in it is opened.",
    "Trust the workspace to work with agents in it.",
    { http: 403, rpc: 403, exit: 2, show: false },
  ),
  state_damaged: row("{file} is damaged at {place}.", "Restore {backup}, or run coditect doctor.", broken),
  state_newer: row(
    "{file} was written by a newer version (schema {found}; this one knows {known}).",
    "Update CODITECT Agents; the file was not touched.",
    broken,
  ),
  state_read_only: row(
    "The state folder cannot be written any more: {reason}",
    "Free space or repair the disk, then restart; nothing unsaved was acknowledged.",
    { ...broken, http: 503 },
  ),
  runtime_unusable: row(
    "The runtime cannot be used: {reason}",
    "Restart it with CODITECT: Restart Runtime, or look at its log.",
    broken,
  ),
  internal: row(
    "Something went wrong inside the runtime ({reference}).",
    "See the log of the runtime.",
    broken,
  ),
} as const satisfies Record<string, CatalogueRow>;
