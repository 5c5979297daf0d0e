// The crash tests in a bounded form; `npm run test:crash` runs them in full.
process.env.CRASH_ROUNDS ??= "10";
process.env.CRASH_SECONDS ??= "3";
await import("../../crash/store/kill.test.ts");
