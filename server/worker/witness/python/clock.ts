/**
 * Python code that moves the clock forward for everything that asks for the date or the time of day. The
 * class `datetime` is written in C, so its methods are replaced in place: another class would not be equal
 * to it in the tests. Clocks that only measure durations, such as `time.monotonic`, do not change, because
 * waiting uses them.
 */
export const pythonClock = String.raw`
class _Clock:
    # Like a function of C, it becomes no method of a class that keeps it: class Timer: clock = time.time.
    def __init__(self, original, call):
        self.__name__, self.__doc__, self._call = original.__name__, original.__doc__, call
    def __call__(self, *given):
        return self._call(*given)
    def __reduce__(self):
        return self.__name__
    __module__ = "time"

def _put_clock_ahead(milliseconds):
    seconds, nanoseconds = milliseconds / 1000, milliseconds * 1_000_000
    real = {name: getattr(time, name) for name in dir(time)}
    # A test that puts another function in the place of time.time changes no other clock, as without us.
    def now():
        return real["time"]() + seconds
    def put(name, call):
        if name in real:
            setattr(time, name, _Clock(real[name], call))
    def of_now(original):
        return lambda moment=None: original(now() if moment is None else moment)

    put("time", now)
    put("time_ns", lambda: real["time_ns"]() + nanoseconds)
    for name in ("localtime", "gmtime", "ctime"):
        put(name, of_now(real[name]))
    put("strftime", lambda form, *given: real["strftime"](form, *(given or [real["localtime"](now())])))
    put("asctime", lambda *given: real["asctime"](*(given or [real["localtime"](now())])))
    of_day = real.get("CLOCK_REALTIME")
    put("clock_gettime", lambda clock: real["clock_gettime"](clock) + (seconds if clock == of_day else 0))
    put("clock_gettime_ns", lambda clock: real["clock_gettime_ns"](clock) + (nanoseconds if clock == of_day else 0))
    _put_datetime_ahead(now, milliseconds)

def _put_datetime_ahead(ahead_time, milliseconds):
    import datetime, importlib.util
    # time-machine changes the same methods in C, and expects to find those of C.
    if importlib.util.find_spec("time_machine") is not None:
        return
    try:
        import ctypes
        modified = ctypes.pythonapi.PyType_Modified
    except (ImportError, AttributeError):
        return
    kind = datetime.datetime
    names = next((each for each in gc.get_referents(kind.__dict__) if isinstance(each, dict) and "utcnow" in each), None)
    if names is None:
        return
    real_utcnow, ahead = names["utcnow"], datetime.timedelta(milliseconds=milliseconds)

    def now(cls, tz=None):
        return cls.fromtimestamp(ahead_time(), tz)

    def utcnow(cls):
        return real_utcnow.__get__(None, cls)() + ahead
    names["now"], names["utcnow"] = classmethod(now), classmethod(utcnow)
    modified.argtypes = [ctypes.py_object]
    modified.restype = None
    modified(kind)
`;
