/** Why a kind of sandbox cannot be used on this machine. */
export interface Unavailable {
  unavailable: string;
}
