"""What C programs use without declaring it: constants of the standard headers, result types of library functions."""

from __future__ import annotations

from analyzers.frontends import c_types
from analyzers.ir.expressions import Constant
from analyzers.ir.symbols import INT, LOGICAL, REAL, VOID, Symbol, Type

_LONG = c_types.LONG
_ULONG = Type("integer", "unsigned long", 64, signed=False)


def _limits(prefix: str, bits: int, kind: Type, suffix: str = "") -> dict[str, Constant]:
    return {
        f"{prefix}_MAX{suffix}": Constant((1 << bits - 1) - 1, kind),
        f"{prefix}_MIN{suffix}": Constant(-(1 << bits - 1), kind),
    }


CONSTANTS: dict[str, Constant] = {
    "NULL": Constant(0, c_types.VOID_POINTER),
    "nullptr": Constant(0, c_types.VOID_POINTER),
    "true": Constant(1, LOGICAL),
    "false": Constant(0, LOGICAL),
    "EOF": Constant(-1),
    "RAND_MAX": Constant(2147483647),
    "BUFSIZ": Constant(8192),
    "EXIT_SUCCESS": Constant(0),
    "EXIT_FAILURE": Constant(1),
    "CHAR_BIT": Constant(8),
    "CLOCKS_PER_SEC": Constant(1000000, _LONG),
    **_limits("SCHAR", 8, INT),
    **_limits("CHAR", 8, INT),
    **_limits("SHRT", 16, INT),
    **_limits("INT", 32, INT),
    **_limits("LONG", 64, _LONG),
    **_limits("LLONG", 64, _LONG),
    **_limits("INT8", 8, INT),
    **_limits("INT16", 16, INT),
    **_limits("INT32", 32, INT),
    **_limits("INT64", 64, _LONG),
    "UCHAR_MAX": Constant(255),
    "USHRT_MAX": Constant(65535),
    "UINT_MAX": Constant(4294967295, c_types.UNSIGNED),
    "ULONG_MAX": Constant(18446744073709551615, _ULONG),
    "UINT8_MAX": Constant(255),
    "UINT16_MAX": Constant(65535),
    "UINT32_MAX": Constant(4294967295, c_types.UNSIGNED),
    "UINT64_MAX": Constant(18446744073709551615, _ULONG),
    "SIZE_MAX": Constant(18446744073709551615, c_types.SIZE),
    "DBL_MAX": Constant(1.7976931348623157e308, REAL),
    "DBL_MIN": Constant(2.2250738585072014e-308, REAL),
    "DBL_EPSILON": Constant(2.220446049250313e-16, REAL),
    "FLT_MAX": Constant(3.4028234663852886e38, c_types.FLOAT),
    "FLT_MIN": Constant(1.1754943508222875e-38, c_types.FLOAT),
    "FLT_EPSILON": Constant(1.1920928955078125e-07, c_types.FLOAT),
    "HUGE_VAL": Constant(float("inf"), REAL),
    "INFINITY": Constant(float("inf"), c_types.FLOAT),
    "M_PI": Constant(3.141592653589793, REAL),
    "M_PI_2": Constant(1.5707963267948966, REAL),
    "M_PI_4": Constant(0.7853981633974483, REAL),
    "M_E": Constant(2.718281828459045, REAL),
    "M_SQRT2": Constant(1.4142135623730951, REAL),
    "M_LN2": Constant(0.6931471805599453, REAL),
    "omp_sched_static": Constant(1),
    "omp_sched_dynamic": Constant(2),
    "omp_sched_guided": Constant(3),
    "omp_sched_auto": Constant(4),
}

_FILE = c_types.pointer_to(c_types.NAMED["FILE"])

OBJECTS: dict[str, Symbol] = {
    **{name: Symbol(f"//{name}", name, _FILE, "global") for name in ("stdin", "stdout", "stderr")},
    "errno": Symbol("//errno", "errno", INT, "global", threadprivate=True),
}

_RESULTS: dict[Type, str] = {
    REAL: "sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh "
    "atanh pow fabs floor ceil round trunc rint nearbyint fmod remainder fmin fmax fdim fma hypot erf erfc "
    "tgamma lgamma ldexp copysign scalbn frexp modf drand48 erand48 atof strtod difftime omp_get_wtime "
    "omp_get_wtick MPI_Wtime creal cimag cabs carg",
    c_types.FLOAT: "sqrtf cbrtf expf exp2f logf log2f log10f sinf cosf tanf asinf acosf atanf atan2f sinhf coshf "
    "tanhf powf fabsf floorf ceilf roundf truncf fmodf fminf fmaxf fmaf hypotf strtof",
    INT: "printf fprintf sprintf snprintf puts putchar putc fputs fputc scanf fscanf sscanf getchar fgetc getc abs "
    "rand rand_r random_r atoi strcmp strncmp memcmp isalpha isdigit isalnum isspace isupper islower ispunct "
    "isprint toupper tolower fclose fflush fseek feof ferror remove rename system atexit setvbuf gettimeofday "
    "clock_gettime usleep sched_getcpu posix_memalign omp_get_thread_num omp_get_num_threads "
    "omp_get_max_threads omp_get_num_procs omp_in_parallel omp_get_dynamic omp_get_nested omp_test_lock "
    "omp_test_nest_lock omp_get_level omp_get_active_level omp_get_ancestor_thread_num omp_get_team_size "
    "omp_get_thread_limit omp_get_max_active_levels omp_get_num_devices omp_get_default_device "
    "omp_get_initial_device omp_is_initial_device omp_get_team_num omp_get_num_teams omp_get_cancellation "
    "omp_get_proc_bind omp_get_num_places omp_get_place_num omp_in_final omp_get_max_task_priority",
    c_types.LONG: "labs llabs atol atoll strtol strtoll ftell lround lrint llround random lrand48 mrand48 time clock",
    c_types.SIZE: "strlen fread fwrite strspn strcspn",
    _ULONG: "strtoul strtoull",
    c_types.VOID_POINTER: "malloc calloc realloc aligned_alloc memalign memcpy memmove memset memchr bsearch "
    "omp_target_alloc omp_alloc alloca",
    c_types.STRING: "strcpy strncpy strcat strncat strchr strrchr strstr strtok strdup fgets getenv strerror ctime",
    VOID: "free exit abort srand srandom srand48 qsort perror rewind omp_set_num_threads omp_set_dynamic "
    "omp_set_nested omp_set_schedule omp_init_lock omp_destroy_lock omp_set_lock omp_unset_lock "
    "omp_init_nest_lock omp_destroy_nest_lock omp_set_nest_lock omp_unset_nest_lock omp_set_max_active_levels "
    "omp_set_default_device omp_target_free omp_free assert omp_display_env",
    _FILE: "fopen freopen tmpfile",
}

RESULTS: dict[str, Type] = {name: kind for kind, names in _RESULTS.items() for name in names.split()}

CALLS_BACK: dict[str, tuple[int, int, int]] = {"qsort": (3, 0, 0), "bsearch": (4, 0, 1)}
"""Library functions that call a function they are given: its position among the arguments, and those it is called with
(C11 §7.22.5)."""
