import { Ajv, type Options } from "ajv";

/**
 * `addUsedSchema`: two schemas may have one `$id`, and one schema is compiled for each state of its tool.
 * `logger`: what a schema says, such as the name of a format, must not reach the terminal as it is.
 */
const options: Options = { strict: false, allErrors: true, addUsedSchema: false, logger: false };

/** Patterns of a server are its own to check: some take hours on a short text, and the runtime would wait. */
const withoutPatterns = Object.assign(() => ({ test: () => true }), { code: "" });

/** For schemas that the user wrote. */
export const ownSchemas = (): Ajv => new Ajv(options);

/** For schemas of MCP servers. */
export const serverSchemas = (): Ajv => new Ajv({ ...options, code: { regExp: withoutPatterns } });
