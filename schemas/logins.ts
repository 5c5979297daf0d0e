/** A name and password at the front of an address, as browsers take them. */
const login = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@/i;

/** The address without the name and password in it, which are neither stored nor shown. */
export const withoutLogin = (address: string): string => address.replace(login, "$1");

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** The name and password in an address, as `NAME:PASSWORD`; null: it has none. */
export const loginOf = (address: string): string | null => {
  const given = login.exec(address)?.[2];
  if (given === undefined || given === "") return null;
  const [name = "", ...password] = given.split(":");
  return `${decoded(name)}:${decoded(password.join(":"))}`;
};
