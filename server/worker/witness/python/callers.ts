/** Python that tells events, signed with the key of the run, and finds out which file of the project calls. */
export const pythonCallers = String.raw`
import ast, builtins, contextlib, copy, gc, hashlib, hmac, inspect, os, random, re, sys, time, types

_WITHIN = SETTINGS["root"] + os.sep
_SUSPECTS = set(SETTINGS["suspects"])
_KEY = SETTINGS["key"].encode()
_hmac, _sha256, _dumps = hmac.new, hashlib.sha256, _json.dumps
_open, _write, _getframe = os.open, os.write, sys._getframe
_channel = _open(SETTINGS["channel"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
_told = set()
_over = []

def _make_tell(key, channel):
    def tell(**event):
        body = _dumps(event).encode()
        mac = _hmac(key, body, _sha256).hexdigest().encode()
        _write(channel, mac + b" " + body + b"\n")
    return tell

tell = _make_tell(_KEY, _channel)
SETTINGS["key"] = ""
del _KEY, _channel

def _path_of(file):
    file = os.path.abspath(file)
    if not file.startswith(_WITHIN) or "/site-packages/" in file.replace(os.sep, "/"):
        return None
    inside = file.removeprefix(_WITHIN).replace(os.sep, "/")
    return None if re.search(r"(^|/)(\.?venv|node_modules)/", inside) else inside

def _place_of(frame):
    # Code made from text has any name its maker gave it, and the maker's globals.
    maker = frame.f_globals.get("__file__")
    if isinstance(maker, str) and maker != frame.f_code.co_filename:
        path = _path_of(maker)
        if path in _SUSPECTS and not is_test(path):
            return path
    return _path_of(frame.f_code.co_filename)

def _caller(frame, direct):
    while frame is not None:
        file = frame.f_code.co_filename
        # Our own hooks look at the runner. A source that calls them, such as pluggy itself, does not.
        if file == __file__ and frame.f_code.co_name.startswith("pytest_"):
            return None
        if file != __file__ and not file.startswith("<frozen"):
            path = _place_of(frame)
            if path is not None:
                return path, frame.f_lineno
            if direct:
                return None
        frame = frame.f_back
    return None

def _source(frame, direct=True):
    # Only what the judged change touched is suspected.
    if not _SUSPECTS:
        return None
    caller = _caller(frame, direct)
    return caller if caller is not None and caller[0] in _SUSPECTS and not is_test(caller[0]) else None

def accuse(caller, what):
    path, line = caller if caller is not None else ("", None)
    if (path, what) in _told:
        return
    _told.add((path, what))
    tell(type="tampering", path=path, line=line, what=what)

# Ending the process.
def _is_handled(pid, number):
    # A signal to another program is that program's, and one that has a handler ends nothing.
    import signal
    if pid not in (os.getpid(), os.getppid(), 0, -1):
        return True
    return number == 0 or (pid == os.getpid() and callable(signal.getsignal(number)))

def _ends(module, name):
    original = getattr(module, name)
    def ends(*args, **kwargs):
        if not _over and not (name == "kill" and _is_handled(*args)):
            caller = _caller(_getframe(1), False)
            if caller is not None:
                accuse(caller, f"ends the process ({module.__name__}.{name})")
        return original(*args, **kwargs)
    setattr(module, name, ends)

for _name in ("_exit", "abort", "kill"):
    _ends(os, _name)

`;
