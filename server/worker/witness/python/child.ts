import { isTestScriptPython } from "../../../workspace/classify.ts";
import type { WitnessSettings } from "../settings.ts";

/** The variable by which a program of Python learns which source of the change started it. */
export const STARTER = "CODITECT_STARTER";

/**
 * A `sitecustomize` for the Python programs that a test run starts. It runs before the program. Where a
 * source of the judged change started the program, it tells of what the source itself may not open:
 * see `pytest-plugin.ts`. It then runs the `sitecustomize` that the environment has of its own.
 */
export const pythonChild = (settings: WitnessSettings): string =>
  `def _coditect_watch():
    import hashlib, hmac, json, os, re, sys
    starter = os.environ.pop(${JSON.stringify(STARTER)}, None)
    if starter is None:
        return
    settings = json.loads(${JSON.stringify(JSON.stringify(settings))})
    names = {"re": re}
    exec(${JSON.stringify(isTestScriptPython(settings.layout))}, names)
    is_test, key, busy = names["is_test"], settings["key"].encode(), []
    within = settings["root"] + os.sep
    channel = os.open(settings["channel"], os.O_WRONLY | os.O_APPEND)
    def look(event, args):
        if event != "open" or busy or not isinstance(args[0], (str, bytes)):
            return
        busy.append(True)
        try:
            path = os.path.abspath(os.fsdecode(args[0]))
            inside = path.removeprefix(within).replace(os.sep, "/") if path.startswith(within) else None
            is_closed = path.startswith(settings["folder"] + os.sep + "witness") or re.match(r"/proc/(self|\\d+)/(cmdline|environ)", path)
            if is_closed or (inside is not None and inside.endswith(".py") and is_test(inside)):
                what = "opens " + (inside or "this test run") + " by another program"
                body = json.dumps({"type": "tampering", "path": starter, "line": None, "what": what}).encode()
                os.write(channel, hmac.new(key, body, hashlib.sha256).hexdigest().encode() + b" " + body + b"\\n")
        finally:
            busy.clear()
    sys.addaudithook(look)


def _coditect_go_on():
    import importlib.machinery, importlib.util, os, sys
    ours = os.path.dirname(os.path.abspath(__file__))
    rest = [each for each in sys.path if os.path.abspath(each or ".") != ours]
    found = importlib.machinery.PathFinder.find_spec("sitecustomize", rest)
    if found is not None and found.loader is not None:
        module = importlib.util.module_from_spec(found)
        sys.modules["sitecustomize"] = module
        found.loader.exec_module(module)


_coditect_watch()
_coditect_go_on()
`;
