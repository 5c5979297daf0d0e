/** Nobody can be asked: what would be asked is refused. */
export const nobodyAsked = { ask: () => Promise.resolve(null) };
