/**
 * Gives this process the variables of a copy again. An assignment to `process.env` would replace it with an
 * object that programs, `os.homedir()` and others do not look at.
 */
export const restoreEnvironment = (before: Readonly<NodeJS.ProcessEnv>): void => {
  for (const name of Object.keys(process.env))
    if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
};
