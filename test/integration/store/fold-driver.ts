/** Folds a state that is large enough for the thread; says on stdout how many threads were started. */
import { openStore } from "../../../server/store/open.ts";

const [, , folder = "", tenantId = ""] = process.argv;
const RECORDS = 1500;

const run = async (): Promise<void> => {
  let threads = 0;
  process.on("worker", () => {
    threads += 1;
  });
  const warn = (problem: string): void => {
    process.stderr.write(problem);
    process.exitCode = 1;
  };
  const store = await openStore({ folder, tenantId, durability: "os", warn });
  await store.commit((transaction) => {
    for (let number = 0; number < RECORDS; number += 1)
      transaction.put("dismissals", {
        fingerprint: `f${number}`,
        tenant_id: tenantId,
        reason: "r".repeat(2000),
        created_at: "2026-01-31T12:00:00.000Z",
      });
  });
  await store.close();
  process.stdout.write(String(threads));
};
void run();
