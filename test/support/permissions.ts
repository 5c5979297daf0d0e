/** Permissions if nobody can be asked, so that everything is refused. */
export const nobodyAsked = { ask: () => Promise.resolve(null), opened: (): string[] => [] };

/** The same for questions of tool servers. */
export const nobodyAnswers = { ask: () => Promise.resolve({ action: "cancel" as const }) };
