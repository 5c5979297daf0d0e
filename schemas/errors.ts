import { z } from "zod";
import { errorCatalogue, type CatalogueRow } from "./error-catalogue.ts";
import type { ExecutionError } from "./execution.ts";
import { createLocalizer, type Localizer } from "./localizer.ts";

export type ErrorCode = keyof typeof errorCatalogue;
export const ErrorCode = z.enum(Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]]);

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

type Texts<Code extends ErrorCode> =
  | (typeof errorCatalogue)[Code]["message"]
  | ((typeof errorCatalogue)[Code]["next"] extends string ? (typeof errorCatalogue)[Code]["next"] : never);

/** What an error of this code must be given: one value for each `{name}` in its texts. */
export type ErrorData<Code extends ErrorCode> = Record<Placeholders<Texts<Code>>, string | number>;

const fill = (text: string, data: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(data[name] ?? whole));

const english = createLocalizer({});

/** The one error type that crosses a layer. Anything else that is thrown is a defect. */
export class CoditectError extends Error {
  override readonly name = "CoditectError";
  readonly code: ErrorCode;
  readonly nextStep: string | null;
  readonly retryable: boolean;
  readonly data: Readonly<Record<string, string | number>>;

  constructor(
    code: ErrorCode,
    data: Record<string, string | number>,
    options?: ErrorOptions,
    l10n: Localizer = english,
  ) {
    const entry: CatalogueRow = errorCatalogue[code];
    super(fill(l10n.t(entry.message), data), options);
    this.code = code;
    this.data = data;
    this.nextStep = entry.next === null ? null : fill(l10n.t(entry.next), data);
    this.retryable = entry.retryable;
  }
}

/** An error of the catalogue; its placeholders are checked by the compiler. */
export const fail = <Code extends ErrorCode>(
  code: Code,
  data: ErrorData<Code>,
  options?: ErrorOptions,
): CoditectError => new CoditectError(code, data, options);

/** An error as it travels over JSON-RPC, REST, and in stored records. */
export const WireError = z.object({
  code: ErrorCode,
  message: z.string(),
  next_step: z.string().nullable(),
  retryable: z.boolean(),
  data: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
});
export type WireError = z.infer<typeof WireError>;

export const toWireError = (error: CoditectError): WireError => ({
  code: error.code,
  message: error.message,
  next_step: error.nextStep,
  retryable: error.retryable,
  data: { ...error.data },
});

/** `l10n`: the language of the text; the error's data stay as they are. */
export const fromWireError = (wire: WireError, l10n?: Localizer): CoditectError =>
  new CoditectError(wire.code, wire.data, undefined, l10n);

/** An error as it is stored with the execution or the run that it ended. */
export const toExecutionError = ({ code, message, nextStep, retryable }: CoditectError): ExecutionError => ({
  code,
  message,
  next_step: nextStep,
  retryable,
});
