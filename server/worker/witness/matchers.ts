/**
 * A function of the matchers that a project hands to "expect.extend", and of what to call to refuse, for a
 * run that refuses assertions. A matcher refuses if it can fail. One that passes with every value cannot.
 */
export const matchersScript = String.raw`(function refusingMatchers(matchers, refuse) {
  // Each property of it is itself, up to a number: a loop over what is nested must end.
  let left = 200;
  const plain = new Set(["then", Symbol.iterator]);
  const strange = new Proxy(function () {}, {
    get: (target, key) => (key === Symbol.toPrimitive ? () => NaN : plain.has(key) || left-- <= 0 ? undefined : strange),
    apply: () => (left-- <= 0 ? undefined : strange),
  });
  const others = [undefined, {}, [], "", 0, NaN, () => undefined, Symbol("other"), strange];
  const settle = (answer) =>
    Promise.resolve(answer).then((answer) => ({ answer }), (error) => ({ error }));
  const refusing = (matcher) => function (received, ...expected) {
    const isNot = this?.isNot === true;
    const passes = { pass: !isNot, message: () => "" };
    // What matches everything a test compares it with passes here as well: such a test cannot fail.
    if (typeof received?.asymmetricMatch === "function") return passes;
    left = 200;
    const verdict = (answers) => {
      const isPass = ({ answer }) => answer != null && Boolean(answer.pass) !== isNot;
      const isFailure = (each) =>
        "error" in each ? /Assertion/.test(String(each.error?.name)) : !isPass(each);
      if (answers.some(isFailure) || !answers.some(isPass)) refuse();
      return passes;
    };
    const answers = others.map((other) => {
      try {
        return { answer: matcher.call(this, other, ...expected) };
      } catch (error) {
        return { error };
      }
    });
    return answers.some(({ answer }) => typeof answer?.then === "function")
      ? Promise.all(answers.map((each) => ("error" in each ? each : settle(each.answer)))).then(verdict)
      : verdict(answers);
  };
  return Object.fromEntries(
    Object.entries(matchers).map(([name, matcher]) => [name, typeof matcher === "function" ? refusing(matcher) : matcher]),
  );
})`;
