/**
 * Stores users in one transaction: all of them, or none.
 *
 * @param database `transaction(work)` commits when the promise of `work` resolves.
 */
export const importUsers = (database, users) =>
  database.transaction(async (transaction) => {
    users.forEach(async (user) => {
      if (await transaction.exists("users", user.id)) return;
      await transaction.insert("users", { id: user.id, name: user.name.trim() });
    });
    await transaction.insert("imports", { count: users.length });
  });
