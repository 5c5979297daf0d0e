/** `0:04`, `12:30`, `1:02:03`. */
export const formatClock = (milliseconds: number): string => {
  const seconds = Math.floor(milliseconds / 1000);
  const two = (number: number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const clock = `${hours > 0 ? two(minutes) : minutes}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${clock}` : clock;
};

/** `950`, `12.3k`, `4.5M`. */
export const formatCount = (count: number): string => {
  if (count < 1000) return String(count);
  if (count < 999_950) return `${(count / 1000).toFixed(1)}k`;
  return `${(count / 1_000_000).toFixed(1)}M`;
};

/** Dollars. Small amounts keep two significant digits. Null: the model's price is unknown. */
export const formatCost = (dollars: number | null): string => {
  if (dollars === null) return "price unknown";
  if (dollars > 0 && dollars < 0.01) return `$${dollars.toFixed(6).replace(/0{1,4}$/, "")}`;
  return `$${dollars.toFixed(2)}`;
};

/** `1 file`, `3 files`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
