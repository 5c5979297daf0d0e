/**
 * The result of the tests with a mutant. `crashed` and `stopped` say little about the tests. `alike`: the
 * tests reach the one case in which the mutant differs, and the result is the same. `entry`: a value of a
 * table, if the tests notice other values of the table.
 */
export type Fate = "killed" | "survived" | "alike" | "entry" | "crashed" | "stopped" | "not run";
