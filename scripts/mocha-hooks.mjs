// Mocha's hooks for every suite of tests. Where a suite could not be set up, what its tear-down cannot
// find is no failure of its own: the report names the cause alone.

const suitesIn = (suite) => [suite, ...suite.suites.flatMap(suitesIn)];

const watched = (hook, run) => {
  const { fn } = hook;
  hook.fn = async function () {
    // Mocha's hooks take a callback or return a promise; ours never take a callback.
    await run(() => fn.call(this));
  };
};

const forgiveTearDown = (suite) => {
  let wasSetUp = true;
  for (const hook of suite.getHooks("beforeAll"))
    watched(hook, async (original) => {
      wasSetUp = false;
      await original();
      wasSetUp = true;
    });
  for (const hook of suite.getHooks("afterAll"))
    watched(hook, async (original) => {
      try {
        await original();
      } catch (error) {
        if (wasSetUp) throw error;
      }
    });
};

export const mochaHooks = {
  beforeAll() {
    for (const suite of this.test.parent.suites.flatMap(suitesIn)) forgiveTearDown(suite);
  },
};
