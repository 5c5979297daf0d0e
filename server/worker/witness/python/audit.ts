/** Python that sees what sources open, start and look at, through the audit events of the interpreter. */
export const pythonAudit = String.raw`
_auditing = []
_LOOKING = {
    "open": None,
    "sys._getframe": None,
    "sys._current_frames": "looks at who calls it",
    "sys.settrace": "traces its callers",
    "sys.setprofile": "traces its callers",
    "sys.monitoring.register_callback": "traces its callers",
    "sys.addaudithook": "watches what the interpreter does",
    "sys._current_exceptions": "looks at who calls it",
    "os.exec": "ends the process (it becomes another program)",
    "gc.get_objects": "looks for what others keep in memory",
    "gc.get_referrers": "looks for what others keep in memory",
    "ctypes.dlsym": None,
    "subprocess.Popen": None,
    "os.system": None,
    "os.posix_spawn": None,
}
# What a source could do past Python: open files, end the process, look at memory and at its callers.
_PAST_PYTHON = re.compile(r"^(f?open(at)?(64)?|f?read|mmap|ptrace|_?exit|_Exit|abort|kill|raise|exec[lv]p?e?|system|popen|PyEval_Get(Frame|Locals|Globals)|_?PyThreadState_\w*(Get|Frame)\w*|PyGILState_GetThisThreadState|PyFrame_\w+|PyUnstable_InterpreterFrame_\w+)$")
_LOOKS_AROUND = re.compile(r"^(ps|pgrep|pstree|lsof|top)$")
_FRAMES = ("tb_frame", "gi_frame", "cr_frame", "ag_frame")

def _audit(event, args):
    if event == "object.__getattr__":
        if args[1] not in _FRAMES:
            return
    elif event not in _LOOKING:
        return
    if _over or _auditing:
        return
    _auditing.append(True)
    try:
        _see(event, args, _getframe(1))
    finally:
        _auditing.pop()

def _see(event, args, frame):
    if event == "object.__getattr__" or _LOOKING[event] is not None:
        source = _source(frame)
        if source is not None:
            accuse(source, _LOOKING.get(event) or "looks at who calls it")
    elif event == "sys._getframe":
        if frame.f_code.co_filename == __file__:
            return  # We look ourselves.
        caller = frame
        inspected = False
        while caller is not None and os.path.basename(caller.f_code.co_filename) in ("inspect.py", "traceback.py"):
            inspected = True
            caller = caller.f_back
        source = _source(caller)
        if source is not None:
            accuse(source, "looks at who calls it")
    elif event == "open":
        closed = _closed(args[0])
        source = None if closed is None else _source(_past_io(frame))
        if source is not None:
            accuse(source, f"opens {closed}")
    elif event == "ctypes.dlsym":
        source = _source(_past_module(frame, "ctypes")) if _PAST_PYTHON.match(str(args[1])) else None
        if source is not None:
            accuse(source, f"goes past Python (the C library's {args[1]})")
    elif event in ("subprocess.Popen", "os.system", "os.posix_spawn"):
        source = _source(_past_module(frame, "subprocess"))
        os.environ.pop(STARTER, None)
        if source is not None:
            _watch_started(source, args[0 if event == "os.system" else 1])

def _closed(path):
    """What sources may not open: the tests, and what belongs to this run; None: they may."""
    if isinstance(path, bytes):
        path = path.decode(errors="replace")
    if not isinstance(path, str) or path == "":
        return None
    if path.startswith(SETTINGS["folder"]) or re.match(r"/proc/(self|thread-self|\d+|\$\w+)/", path):
        return "this test run"
    closed = _path_of(path)
    if closed is None or not closed.endswith(".py") or not is_test(closed) or re.search(r"(^|/)(fixtures|testdata)/", closed):
        return None
    return closed

def _past_module(frame, name):
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == name:
        frame = frame.f_back
    return frame

def _watch_started(source, command):
    """A program that a source starts may not open what the source may not. One of Python learns whose it is."""
    os.environ[STARTER] = source[0]
    words = command if isinstance(command, (list, tuple)) else [command]
    for word in [part for each in words for part in re.split(r"[\s\"'=;|&<>()]+", os.fsdecode(each))]:
        if _LOOKS_AROUND.match(os.path.basename(word)):
            accuse(source, f"looks at the processes ({word})")
        elif _closed(word) is not None:
            accuse(source, f"opens {_closed(word)} by another program")

def _raiser(trace):
    """Where an error of a source began: its innermost frame of the project; None: elsewhere."""
    found = None
    while trace is not None:
        path = _place_of(trace.tb_frame)
        if path is not None:
            found = (path, trace.tb_lineno)
        trace = trace.tb_next
    return found if found is not None and found[0] in _SUSPECTS and not is_test(found[0]) else None

_READS_FILES = ("pathlib.py", "codecs.py", "io.py", "tokenize.py", "linecache.py", "fileinput.py")

def _reads_files(frame):
    file, function = frame.f_code.co_filename.replace(os.sep, "/"), frame.f_code.co_name
    if os.path.basename(file) == "pkgutil.py":
        return function == "get_data"
    return os.path.basename(file) in _READS_FILES or re.search(r"/(importlib/resources|pathlib)/\w+\.py$", file) is not None

def _past_io(frame):
    while frame is not None and (_reads_files(frame) or frame.f_code.co_filename.startswith("<frozen")):
        frame = frame.f_back
    return frame

def _watch_dumps():
    # A traceback in a file of its own shows a source its callers.
    import faulthandler
    original = faulthandler.dump_traceback
    def dump_traceback(*args, **kwargs):
        source = _source(_getframe(1)) if args or "file" in kwargs else None
        if source is not None and (args[0] if args else kwargs["file"]) is not sys.stderr:
            accuse(source, "looks at who calls it")
        return original(*args, **kwargs)
    faulthandler.dump_traceback = dump_traceback

_watch_dumps()

sys.addaudithook(_audit)

`;
