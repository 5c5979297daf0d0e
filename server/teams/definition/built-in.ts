import { TeamFile } from "../../../schemas/team.ts";
import architecture from "./built-in/architecture.json" with { type: "json" };
import bugFix from "./built-in/bug-fix.json" with { type: "json" };
import review from "./built-in/review.json" with { type: "json" };
import security from "./built-in/security.json" with { type: "json" };
import tdd from "./built-in/tdd.json" with { type: "json" };

/** The teams that come with the product. */
export const builtInTeams: readonly TeamFile[] = [tdd, bugFix, architecture, review, security].map((file) =>
  TeamFile.parse(file),
);
