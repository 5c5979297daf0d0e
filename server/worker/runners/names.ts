/** The separator between the names of suites and test in {@link TestCase}. */
export const nameSeparator = " > ";

/**
 * A regular expression, as text, for tests whose full name contains `name`. Runners join the names of suites and test
 * with a space, or as we do.
 */
export const namePattern = (name: string): string =>
  name
    .split(nameSeparator)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"))
    .join("(?: > | )");
