const lockFile =
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lock|cargo\.lock|poetry\.lock|uv\.lock|pdm\.lock|gemfile\.lock)$/;

/** What follows the name of a field that says where a package comes from. */
const locked =
  /^[ \t{]*(?:"?(?:resolved|tarball|resolution|source|remote|sdist|wheels)"?|url)[ \t:={]+(.*)$/gm;

const address = /[a-z+]{2,20}:\/\/[^\s"'`,}]+|git@[^\s"'`,}]+/g;

/** The registries of the languages. Their packages were published under their own names. */
const registries = [
  "https://registry.npmjs.org/",
  "https://registry.yarnpkg.com/",
  "https://npm.jsr.io/",
  "https://pypi.org/",
  "https://files.pythonhosted.org/",
  "https://rubygems.org/",
  "registry+https://github.com/rust-lang/crates.io-index",
  "sparse+https://index.crates.io/",
];

/** Hosts on which anyone can publish. One address there does not make another one trustworthy. */
const shared = /(^|\.)(github\.com|githubusercontent\.com|gitlab\.com|bitbucket\.org|codeberg\.org)$/;

const placeOf = (found: string): string => {
  const url = URL.parse(found);
  return url?.protocol === "https:" && !shared.test(url.hostname) ? url.origin : found;
};

const placesIn = (text: string): string[] =>
  [...text.matchAll(locked)]
    .flatMap(([, rest = ""]) => rest.match(address) ?? [])
    .filter((found) => !registries.some((registry) => found.startsWith(registry)))
    .map(placeOf);

/** Whether a lock file names a new source that is not a registry of its language. */
export const locksElsewhere = (name: string, before: string | null, after: string | null): boolean => {
  if (after === null || !lockFile.test(name)) return false;
  const known = new Set(placesIn(before ?? ""));
  return placesIn(after).some((place) => !known.has(place));
};
