/**
 * Python that puts the clock ahead for everything that asks for the time of day. `datetime` is no module of Python's
 * own language, so its class is changed in place: another class in its stead would not be equal to it in the tests.
 * Clocks that only count on, such as `time.monotonic`, stay as they are, because waiting uses them.
 */
export const pythonClock = String.raw`
def _put_clock_ahead(milliseconds):
    seconds = milliseconds / 1000
    real_time, real_time_ns = time.time, time.time_ns
    time.time = lambda: real_time() + seconds
    time.time_ns = lambda: real_time_ns() + milliseconds * 1_000_000

    def of_now(original):
        return lambda moment=None: original(time.time() if moment is None else moment)
    for name in ("localtime", "gmtime", "ctime"):
        setattr(time, name, of_now(getattr(time, name)))

    real_strftime, real_asctime = time.strftime, time.asctime
    time.strftime = lambda form, *given: real_strftime(form, *(given or [time.localtime()]))
    time.asctime = lambda *given: real_asctime(*(given or [time.localtime()]))
    if hasattr(time, "clock_gettime"):
        real_clock, real_clock_ns = time.clock_gettime, time.clock_gettime_ns
        of_day = time.CLOCK_REALTIME
        time.clock_gettime = lambda clock: real_clock(clock) + (seconds if clock == of_day else 0)
        time.clock_gettime_ns = lambda clock: real_clock_ns(clock) + (milliseconds * 1_000_000 if clock == of_day else 0)
    _put_datetime_ahead(milliseconds)

def _put_datetime_ahead(milliseconds):
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
        return cls.fromtimestamp(time.time(), tz)

    def utcnow(cls):
        return real_utcnow.__get__(None, cls)() + ahead
    names["now"], names["utcnow"] = classmethod(now), classmethod(utcnow)
    modified.argtypes = [ctypes.py_object]
    modified.restype = None
    modified(kind)
`;
