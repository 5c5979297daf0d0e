/** Nobody can be asked: what would be asked is refused. */
export const nobodyAsked = { ask: () => Promise.resolve(null), opened: (): string[] => [] };

/** The same for what tool servers ask. */
export const nobodyAnswers = { ask: () => Promise.resolve({ action: "cancel" as const }) };
