// The crash tests in a bounded form; `npm run test:crash` runs them in full.
process.env.CRASH_ROUNDS ??= "10";
await import("../../crash/store/kill.test.ts");
