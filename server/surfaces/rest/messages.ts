import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { errorCatalogue } from "../../../schemas/error-catalogue.ts";
import { type CoditectError, fail, toWireError } from "../../../schemas/errors.ts";
import { parseJson } from "../../../schemas/json-depth.ts";

const invalidBody = (problems: string) => fail("invalid_params", { what: "The body", problems });

const MEGABYTE = 1024 * 1024;
/** Throws for what is not UTF-8, which would otherwise become other text. */
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The decompressed body. Error: `invalid_params` for an unknown encoding. */
const contentOf = (request: IncomingMessage): Readable => {
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity") return request;
  if (encoding !== "gzip") throw invalidBody("its Content-Encoding must be gzip");
  const unpacked = createGunzip();
  request.on("error", (error) => unpacked.destroy(error));
  return request.pipe(unpacked);
};

/** The limit applies to the decompressed body, so that a few bytes cannot fill the memory. */
const readBytes = async (request: IncomingMessage, limit: number): Promise<Buffer> => {
  const readable = limit < MEGABYTE ? `${limit} bytes` : `${Math.floor(limit / MEGABYTE)} MB`;
  const tooLarge = fail("body_too_large", { limit: readable });
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge;
  const chunks: Buffer[] = [];
  let length = 0;
  const content = contentOf(request);
  try {
    for await (const chunk of content) {
      // Without an encoding set, a stream's chunks are buffers.
      const bytes = chunk as Buffer;
      length += bytes.length;
      if (length > limit) throw tooLarge;
      chunks.push(bytes);
    }
  } catch (error) {
    if (error === tooLarge || content === request) throw error;
    throw invalidBody("it is not gzip");
  }
  return Buffer.concat(chunks);
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The JSON object in a request's body of at most `limit` bytes. An empty body is an empty object. */
export const readBody = async (request: IncomingMessage, limit: number): Promise<Record<string, unknown>> => {
  const bytes = await readBytes(request, limit);
  if (bytes.length === 0) return {};
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? ""))
    throw invalidBody("its Content-Type must be application/json");
  let value: unknown;
  try {
    value = parseJson(utf8.decode(bytes));
  } catch (error) {
    if (error instanceof TypeError) throw invalidBody("it is not UTF-8");
    const isDeep = error instanceof SyntaxError && error.message.includes("nested");
    throw invalidBody(isDeep ? error.message : "it is not JSON");
  }
  if (!isObject(value)) throw invalidBody("it must be an object");
  return value;
};

const send = (response: ServerResponse, status: number, type: string, text: string): void => {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
};

export const sendJson = (response: ServerResponse, status: number, body: unknown): void => {
  if (status === 204) response.writeHead(204).end();
  else sendJsonText(response, status, JSON.stringify(body));
};

/** The same for a body that is already JSON text. */
export const sendJsonText = (response: ServerResponse, status: number, text: string): void => {
  send(response, status, "application/json", text);
};

/** Problem details (RFC 9457), plus the fields of the wire form of an error. */
export const problemOf = (error: CoditectError, status: number = errorCatalogue[error.code].http) => {
  const { message, ...wire } = toWireError(error);
  return {
    type: `urn:coditect:error:${error.code}`,
    title: error.code.replaceAll("_", " "),
    status,
    detail: message,
    ...wire,
  };
};

export const PROBLEM_TYPE = "application/problem+json";

export const sendProblem = (response: ServerResponse, error: CoditectError): void => {
  const body = problemOf(error);
  const { status } = body;
  if (status === 401) response.setHeader("www-authenticate", "Bearer");
  if ((status === 429 || status === 503) && error.data.seconds !== undefined)
    response.setHeader("retry-after", String(error.data.seconds));
  if (status === 405) response.setHeader("allow", String(error.data.allowed));
  // The rest of a refused body must not be read as the next request.
  if (!response.req.complete) response.setHeader("connection", "close");
  send(response, status, PROBLEM_TYPE, JSON.stringify(body));
};
