"""What the functions of the C standard library, POSIX, the compilers' builtins and the OpenMP runtime do, as data.

A routine's `parameters` speak of the memory behind pointer arguments, one letter each: `-` none, `r` read, `w` written,
`b` both, `e` kept or handed on. The last letter also stands for all further arguments. Sources: ISO/IEC 9899:2018 §7,
POSIX.1-2017 (thread safety: §2.9.1), OpenMP 5.2 §18, the GCC manual on builtins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Routine:
    """One library function. `state` names hidden state that calls share; `safe` says whether concurrent calls are
    defined (POSIX §2.9.1), `fills` which pointed-to objects are completely written whenever it returns. `begins`: of
    which arrays the first element is used whatever the rest is, every string for one; `idles`: or nothing is done."""

    name: str
    header: str
    parameters: str = "-"
    io: bool = False
    state: str | None = None
    exits: bool = False
    aborts: bool = False  # ends the program, always because something is wrong
    allocates: bool = False
    safe: bool = True
    fills: tuple[int, ...] = ()
    synchronizes: bool = False  # a lock, a barrier: orders threads
    single: bool = False  # a pointer argument is used at the object it points to, not at those beside it
    length: int | None = None  # position of what says how many bytes are used, exactly those
    begins: tuple[int, ...] = ()
    idles: bool = False


SECOND_RESULTS = frozenset(("`signgam`",))
"""Hidden state that is nothing but a second result: calls at the same time do no harm as long as nobody reads it."""


FREEING = frozenset(("free", "cfree", "_mm_free", "mkl_free", "operator delete"))
"""What ends the life of the memory that it is given: nobody gives it the same again."""


def words(text: str) -> list[str]:
    """A row of words as a list: tables are read more easily without commas."""
    return text.split()


MAKE_STRINGS = frozenset(words("sprintf vsprintf strcpy"))
"""What writes a whole string to its first argument, its end included."""

READ_STRINGS = frozenset(
    words(
        "strlen strcmp strncmp strcasecmp strncasecmp strcoll strspn strcspn strdup strndup strcpy strcat strncat"
        " atoi atol atoll atof fopen freopen popen puts perror fputs printf fprintf dprintf sprintf snprintf sscanf"
        " system getenv remove rename unlink mkdir rmdir open access stat lstat"
    )
)
"""What reads no more than a string where it is given its begin, and returns no pointer into it but for those that make
it longer (`strcat`, `strncat`)."""


def _math() -> Iterator[Routine]:
    """<math.h>, <complex.h>, <tgmath.h>: functions of their arguments (errno and the exception flags left aside)."""
    real = words(
        "acos asin atan atan2 cos sin tan acosh asinh atanh cosh sinh tanh exp exp2 expm1 log log10 log1p log2 logb"
        " cbrt fabs hypot pow sqrt erf erfc tgamma ceil floor nearbyint rint lrint llrint round lround llround trunc"
        " fmod remainder copysign nextafter nexttoward fdim fmax fmin fma ilogb ldexp scalbn scalbln roundeven j0 j1 jn"
        " y0 y1 yn exp10 pow10 drem significand"
    )
    for name in real:
        for suffix in ("", "f", "l"):
            yield Routine(name + suffix, "math.h")
    for suffix in ("", "f", "l"):
        yield Routine("frexp" + suffix, "math.h", "-w", fills=(1,))
        yield Routine("modf" + suffix, "math.h", "-w", fills=(1,))
        yield Routine("remquo" + suffix, "math.h", "--w", fills=(2,))
        yield Routine("sincos" + suffix, "math.h", "-ww", fills=(1, 2))
        yield Routine("nan" + suffix, "math.h", "r")
        yield Routine("lgamma" + suffix, "math.h", state="`signgam`", safe=False)
        yield Routine("lgamma" + suffix + "_r", "math.h", "-w", fills=(1,))
    yield Routine("gamma", "math.h", state="`signgam`", safe=False)
    for name in words(
        "isnan isinf isfinite isnormal signbit fpclassify isgreater isgreaterequal isless islessequal islessgreater"
        " isunordered finite isnanf isinff finitef isnanl isinfl"
    ):
        yield Routine(name, "math.h")
    complex_ = words(
        "cacos casin catan ccos csin ctan cacosh casinh catanh ccosh csinh ctanh cexp clog cabs cpow csqrt carg cimag"
        " conj cproj creal"
    )
    for name in complex_:
        for suffix in ("", "f", "l"):
            yield Routine(name + suffix, "complex.h")
    for name in ("CMPLX", "CMPLXF", "CMPLXL"):
        yield Routine(name, "complex.h")


def _characters() -> Iterator[Routine]:
    """<ctype.h>, <wctype.h>: the locale is read, and nobody sets it in a loop."""
    for name in words(
        "isalnum isalpha isblank iscntrl isdigit isgraph islower isprint ispunct isspace isupper isxdigit tolower"
        " toupper isascii toascii"
    ):
        yield Routine(name, "ctype.h")
    for name in words(
        "iswalnum iswalpha iswblank iswcntrl iswdigit iswgraph iswlower iswprint iswpunct iswspace iswupper iswxdigit"
        " towlower towupper"
    ):
        yield Routine(name, "wctype.h")


def _strings() -> Iterator[Routine]:
    """<string.h>, <strings.h>, <wchar.h> in part."""
    for name in ("memcpy", "memmove", "mempcpy"):
        yield Routine(name, "string.h", "wr-", length=2)
    yield Routine("memset", "string.h", "w--", length=2)
    yield Routine("bzero", "strings.h", "w-", length=1)
    yield Routine("bcopy", "strings.h", "rw-", length=2)
    for name in ("memcmp", "strncmp", "strncasecmp", "bcmp"):
        yield Routine(name, "string.h", "rr-", begins=(0, 1), idles=True)
    for name in ("strcmp", "strcasecmp", "strcoll", "strspn", "strcspn"):
        yield Routine(name, "string.h", "rr", begins=(0, 1))
    yield Routine("strlen", "string.h", "r", begins=(0,))
    yield Routine("strnlen", "string.h", "r-", begins=(0,), idles=True)
    for name in ("strcpy", "stpcpy"):
        yield Routine(name, "string.h", "wr", begins=(0, 1))
    yield Routine("strncpy", "string.h", "wr-", begins=(0, 1), idles=True)
    # What is appended to is written at its end, which is the first element of an empty string only.
    yield Routine("strcat", "string.h", "br", begins=(0, 1), idles=True)
    yield Routine("strncat", "string.h", "br-", begins=(0, 1), idles=True)
    yield Routine("strxfrm", "string.h", "wr-")
    for name in ("strchr", "strrchr", "index", "rindex", "strchrnul", "rawmemchr"):
        yield Routine(name, "string.h", "r-", begins=(0,))
    for name in ("memchr", "memrchr"):
        yield Routine(name, "string.h", "r--")
    for name in ("strstr", "strpbrk", "strcasestr"):
        yield Routine(name, "string.h", "rr")
    yield Routine("strtok", "string.h", "br", state="the position of `strtok`", safe=False)
    yield Routine("strtok_r", "string.h", "brb")
    yield Routine("strsep", "string.h", "br")
    yield Routine("strdup", "string.h", "r", allocates=True)
    yield Routine("strndup", "string.h", "r-", allocates=True)
    yield Routine("strerror", "string.h", state="the buffer of `strerror`", safe=False)
    yield Routine("strerror_r", "string.h", "-w-")
    yield Routine("strsignal", "string.h", state="the buffer of `strsignal`", safe=False)


def _stdlib() -> Iterator[Routine]:
    """<stdlib.h>, <inttypes.h>."""
    for name in ("abs", "labs", "llabs", "div", "ldiv", "lldiv", "imaxabs", "imaxdiv"):
        yield Routine(name, "stdlib.h")
    for name in ("atoi", "atol", "atoll", "atof"):
        yield Routine(name, "stdlib.h", "r")
    for name in ("strtol", "strtoul", "strtoll", "strtoull", "strtoimax", "strtoumax"):
        yield Routine(name, "stdlib.h", "rw-")
    for name in ("strtod", "strtof", "strtold"):
        yield Routine(name, "stdlib.h", "rw")
    for name in ("malloc", "valloc", "alloca"):
        yield Routine(name, "stdlib.h", "-", allocates=True)
    for name in ("calloc", "aligned_alloc", "memalign"):
        yield Routine(name, "stdlib.h", "--", allocates=True)
    for name in ("_mm_malloc", "mkl_malloc"):
        yield Routine(name, "mm_malloc.h", "--", allocates=True)
    yield Routine("mkl_calloc", "mkl.h", "---", allocates=True)
    for name in ("_mm_free", "mkl_free"):
        yield Routine(name, "mm_malloc.h", "w")
    yield Routine("realloc", "stdlib.h", "b-")
    yield Routine("reallocarray", "stdlib.h", "b--")
    for name in ("free", "cfree"):
        yield Routine(name, "stdlib.h", "w")
    yield Routine("posix_memalign", "stdlib.h", "w--")
    for name in ("rand", "random"):
        yield Routine(name, "stdlib.h", "", state=f"the seed of `{name}`", safe=False)
    yield Routine("srand", "stdlib.h", "-", state="the seed of `rand`", safe=False)
    yield Routine("srandom", "stdlib.h", "-", state="the seed of `random`", safe=False)
    yield Routine("rand_r", "stdlib.h", "b")
    for name in ("drand48", "lrand48", "mrand48"):
        yield Routine(name, "stdlib.h", "", state="the seed of `drand48`", safe=False)
    for name in ("srand48", "seed48", "lcong48"):
        yield Routine(name, "stdlib.h", "r", state="the seed of `drand48`", safe=False)
    for name in ("erand48", "nrand48", "jrand48"):
        yield Routine(name, "stdlib.h", "b")
    for name in ("drand48_r", "lrand48_r", "mrand48_r"):
        yield Routine(name, "stdlib.h", "bw", fills=(1,))
    yield Routine("srand48_r", "stdlib.h", "-w")
    for name in ("initstate", "setstate"):
        yield Routine(name, "stdlib.h", "e", state="the seed of `random`", safe=False)
    yield Routine("random_r", "stdlib.h", "bw", fills=(1,))
    yield Routine("qsort", "stdlib.h", "b---")
    yield Routine("bsearch", "stdlib.h", "rr---")
    yield Routine("getenv", "stdlib.h", "r", state="the environment", safe=False)
    for name in ("setenv", "unsetenv", "putenv"):
        yield Routine(name, "stdlib.h", "e", state="the environment", safe=False)
    yield Routine("system", "stdlib.h", "r", io=True, safe=False)
    for name in ("exit", "_Exit", "quick_exit", "_exit"):
        yield Routine(name, "stdlib.h", "-", io=True, exits=True)
    yield Routine("abort", "stdlib.h", "", io=True, exits=True, aborts=True)
    for name in ("atexit", "at_quick_exit"):
        yield Routine(name, "stdlib.h", "-", state="the list of exit handlers")
    yield Routine("mblen", "stdlib.h", "r-", state="the shift state", safe=False)
    # <assert.h>: failing ends the program, passing does nothing
    yield Routine("assert", "assert.h", "-")
    yield Routine("static_assert", "assert.h", "-")
    yield Routine("_Static_assert", "assert.h", "-")
    yield Routine("__assert_fail", "assert.h", "rr-r", io=True, exits=True, aborts=True)
    yield Routine("setjmp", "setjmp.h", "w", exits=True)
    yield Routine("longjmp", "setjmp.h", "r", exits=True)


def _stdio() -> Iterator[Routine]:
    """<stdio.h>: streams lock themselves, so that calls are safe; what is lost is the order, which `io`
    says. So the stream itself counts as nothing that is read or written."""
    stream = "the stream"
    for name in ("printf", "puts", "perror", "vprintf"):
        yield Routine(name, "stdio.h", "r", io=True)
    yield Routine("putchar", "stdio.h", "-", io=True)
    for name in ("fprintf", "vfprintf", "dprintf"):
        yield Routine(name, "stdio.h", "-r", io=True)
    for name in ("sprintf", "vsprintf"):
        yield Routine(name, "stdio.h", "wr", begins=(0,))
    for name in ("snprintf", "vsnprintf"):
        yield Routine(name, "stdio.h", "w-r", begins=(0,), idles=True)
    yield Routine("asprintf", "stdio.h", "wr", fills=(0,))
    for name in ("fputs", "fputc", "putc"):
        yield Routine(name, "stdio.h", "r-", io=True)
    yield Routine("fwrite", "stdio.h", "r---", io=True)
    yield Routine("fread", "stdio.h", "w---", io=True, begins=(0,), idles=True)
    yield Routine("fgets", "stdio.h", "w--", io=True, begins=(0,), idles=True)
    yield Routine("gets", "stdio.h", "w", io=True, begins=(0,), idles=True)
    for name in (
        "fgetc",
        "getc",
        "fclose",
        "fflush",
        "rewind",
        "feof",
        "ferror",
        "clearerr",
        "ftell",
        "fileno",
        "pclose",
    ):
        yield Routine(name, "stdio.h", "-", io=True)
    yield Routine("getchar", "stdio.h", "", io=True)
    yield Routine("ungetc", "stdio.h", "--", io=True)
    yield Routine("scanf", "stdio.h", "rw", io=True)
    yield Routine("fscanf", "stdio.h", "-rw", io=True)
    yield Routine("sscanf", "stdio.h", "rrw")
    for name in ("fopen", "freopen", "popen", "fdopen"):
        yield Routine(name, "stdio.h", "rr-", io=True)
    yield Routine("tmpfile", "stdio.h", "", io=True)
    for name in ("fseek", "fsetpos", "fgetpos", "setvbuf", "setbuf", "fseeko"):
        yield Routine(name, "stdio.h", "-e", io=True)
    for name in ("remove", "rename", "unlink", "mkdir", "rmdir"):
        yield Routine(name, "stdio.h", "r", io=True)
    yield Routine("getline", "stdio.h", "ww-", io=True)
    yield Routine("tmpnam", "stdio.h", "w", state=f"the buffer of `tmpnam` and {stream}", safe=False)
    # <unistd.h>, <fcntl.h>
    yield Routine("write", "unistd.h", "-r-", io=True)
    yield Routine("read", "unistd.h", "-w-", io=True, begins=(1,), idles=True)
    for name in ("open", "access", "stat", "lstat"):
        yield Routine(name, "fcntl.h", "rw", io=True)
    for name in ("close", "lseek", "fsync", "sleep", "usleep", "dup", "dup2", "ftruncate", "fstat", "alarm", "raise"):
        yield Routine(name, "unistd.h", "-w", io=True)
    for name in ("getpid", "getppid", "getuid", "geteuid", "getpagesize", "sysconf", "sched_getcpu", "gettid"):
        yield Routine(name, "unistd.h", "-")
    yield Routine("gethostname", "unistd.h", "w-")
    yield Routine("getcwd", "unistd.h", "w-")
    yield Routine("getopt", "unistd.h", "-rr", state="`optind` and `optarg`", safe=False)


def _time() -> Iterator[Routine]:
    """<time.h>, <sys/time.h>, <sys/resource.h>."""
    yield Routine("time", "time.h", "w", fills=(0,))
    for name in ("clock", "difftime"):
        yield Routine(name, "time.h")
    for name in ("mktime", "timegm"):
        yield Routine(name, "time.h", "b")
    for name in ("localtime", "gmtime", "asctime", "ctime"):
        yield Routine(name, "time.h", "r", state=f"the buffer of `{name}`", safe=False)
    for name in ("localtime_r", "gmtime_r", "asctime_r", "ctime_r"):
        yield Routine(name, "time.h", "rw", fills=(1,))
    yield Routine("strftime", "time.h", "w-rr", begins=(0,), idles=True)
    for name in ("clock_gettime", "clock_getres", "timespec_get"):
        yield Routine(name, "time.h", "-w" if name != "timespec_get" else "w-")
    yield Routine("gettimeofday", "sys/time.h", "ww", fills=(0,))
    yield Routine("getrusage", "sys/resource.h", "-w", fills=(1,))
    yield Routine("times", "sys/times.h", "w", fills=(0,))
    yield Routine("nanosleep", "time.h", "rw", io=True)


def _openmp() -> Iterator[Routine]:
    """OpenMP runtime library routines."""
    for name in words(
        "omp_get_thread_num omp_get_ancestor_thread_num omp_get_place_num omp_get_partition_num_places"
        " omp_get_num_threads omp_get_max_threads omp_get_num_procs omp_in_parallel omp_get_dynamic omp_get_nested"
        " omp_get_cancellation omp_get_thread_limit omp_get_supported_active_levels omp_get_max_active_levels"
        " omp_get_level omp_get_team_size omp_get_active_level omp_in_final omp_get_proc_bind omp_get_num_places"
        " omp_get_place_num_procs omp_get_num_devices omp_get_device_num omp_get_default_device omp_get_num_teams"
        " omp_get_team_num omp_is_initial_device omp_get_initial_device omp_get_max_task_priority omp_get_wtick"
        " omp_get_max_teams omp_get_teams_thread_limit omp_get_default_allocator"
    ):
        yield Routine(name, "omp.h")
    yield Routine("omp_get_wtime", "omp.h")
    yield Routine("omp_get_schedule", "omp.h", "ww", fills=(0, 1))
    for name in words(
        "omp_set_num_threads omp_set_dynamic omp_set_nested omp_set_max_active_levels omp_set_schedule"
        " omp_set_default_device omp_set_num_teams omp_set_teams_thread_limit omp_set_default_allocator"
    ):
        yield Routine(name, "omp.h", "-", state="the internal control variables of OpenMP")
    for kind in ("", "nest_"):
        for verb in ("init", "destroy", "set", "unset", "test"):
            yield Routine(f"omp_{verb}_{kind}lock", "omp.h", "b", synchronizes=verb in ("set", "unset", "test"))
        yield Routine(f"omp_init_{kind}lock_with_hint", "omp.h", "b-")
    yield Routine("omp_alloc", "omp.h", "--", allocates=True)
    yield Routine("omp_free", "omp.h", "w-")
    yield Routine("omp_target_alloc", "omp.h", "--", allocates=True)
    yield Routine("omp_target_free", "omp.h", "w-")
    yield Routine("omp_target_memcpy", "omp.h", "wr-")


def _builtins() -> Iterator[Routine]:
    """Builtins of GCC and Clang that have no library function of the same name behind them."""
    for name in words(
        "expect expect_with_probability clz clzl clzll ctz ctzl ctzll ffs ffsl ffsll popcount popcountl popcountll"
        " parity parityl parityll bswap16 bswap32 bswap64 constant_p types_compatible_p huge_val huge_valf huge_vall"
        " inf inff infl nan nanf nanl isinf_sign object_size choose_expr offsetof assume powi powif powil convertvector"
        " shuffle shufflevector unpredictable speculation_safe_value"
    ):
        yield Routine("__builtin_" + name, "builtin")
    for name in ("add", "sub", "mul"):
        yield Routine(f"__builtin_{name}_overflow", "builtin", "--w", fills=(2,))
    yield Routine("__builtin_prefetch", "builtin")
    yield Routine("__builtin_assume_aligned", "builtin", "-")
    yield Routine("__builtin_unreachable", "builtin", "")
    yield Routine("__builtin_trap", "builtin", "", exits=True, io=True)
    yield Routine("__builtin_alloca", "builtin", "-", allocates=True)
    yield Routine("__builtin_alloca_with_align", "builtin", "--", allocates=True)


def _table() -> dict[str, Routine]:
    table: dict[str, Routine] = {}
    for part in (_math, _characters, _strings, _stdlib, _stdio, _time, _openmp, _builtins):
        for routine in part():
            table.setdefault(routine.name, routine)
    for routine in [r for r in table.values() if r.header in _WITH_BUILTIN]:
        name = "__builtin_" + routine.name
        table.setdefault(name, replace(routine, name=name))
    return table


_WITH_BUILTIN = frozenset({"math.h", "complex.h", "string.h", "strings.h", "stdlib.h", "ctype.h", "stdio.h"})

ROUTINES: dict[str, Routine] = _table()

# Functions that combine their two arguments as a reduction does, by the identifier of the clause (OpenMP 5.2 §5.5.5).
# Besides the library's own, the names that such functions have in programs which do not show them.
COMBINES: dict[str, str] = {
    **dict.fromkeys(("fmax", "fmaxf", "fmaxl", "max", "MAX", "imax", "dmax1", "amax1", "max0"), "max"),
    **dict.fromkeys(("fmin", "fminf", "fminl", "min", "MIN", "imin", "dmin1", "amin1", "min0"), "min"),
}

# Functions that cost about the same whatever their arguments are, by that cost in additions: estimates.
_COSTS: tuple[tuple[float, str], ...] = (
    (1.0, "fabs fmin fmax"),
    (2.0, "floor ceil round trunc rint nearbyint copysign"),
    (10.0, "sqrt fma fmod"),
    (25.0, "exp log sin cos tan log10 log2 exp2"),
    (40.0, "pow atan2 sinh cosh tanh atan asin acos cbrt erf"),
)
ALLOCATORS = words("malloc calloc realloc reallocarray aligned_alloc posix_memalign valloc strdup strndup free cfree")

OPERATIONS: dict[str, float] = {
    **dict.fromkeys(("abs", "labs", "llabs", "min", "max"), 1.0),
    **{
        prefix + name + suffix: cost
        for cost, names in _COSTS
        for name in words(names)
        for prefix in ("", "__builtin_")
        for suffix in ("", "f", "l")
    },
}
