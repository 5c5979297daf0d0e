import { runAllPython } from "../runners/pytest.ts";
import { isTestScriptPython } from "../../workspace/classify.ts";
import { DOUBTED, REFUSED, TRIED_AGAIN } from "./failure.ts";
import { STARTER } from "./python/child.ts";
import { pythonClock } from "./python/clock.ts";
import { pythonAssertions } from "./python/assertions.ts";
import { pythonAudit } from "./python/audit.ts";
import { pythonCallers } from "./python/callers.ts";
import { pythonMutants } from "./python/mutants.ts";
import { pythonReplaced } from "./python/replaced.ts";
import { pythonReporter } from "./python/reporter.ts";
import { pythonSigns } from "./python/signs.ts";
import { pythonWatch } from "./python/watch.ts";
import type { WitnessSettings } from "./settings.ts";

/**
 * A plug-in for pytest that tells its events as `events.ts` reads them, each at once and signed with
 * the run's key, and watches what the project's files do to the run: see `node-witness.ts`.
 */
export const pytestPlugin = (settings: WitnessSettings): string =>
  `import json as _json
SETTINGS = _json.loads(${JSON.stringify(JSON.stringify(settings))})
REFUSED = ${JSON.stringify(REFUSED)}
DOUBTED = ${JSON.stringify(DOUBTED)}
TRIED_AGAIN = ${JSON.stringify(TRIED_AGAIN)}
STARTER = ${JSON.stringify(STARTER)}
${isTestScriptPython(settings.layout)}
${pythonClock}
${pythonCallers}
${pythonSigns}
${pythonAudit}
${pythonReplaced}
${pythonAssertions}
${runAllPython}
${pythonReporter}
${pythonMutants}
${pythonWatch}`;
