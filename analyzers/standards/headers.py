"""The headers of C, C++, POSIX, OpenMP, MPI and of compilers, by name: what programs use of them is known unread."""

from __future__ import annotations

from analyzers.standards.library import words

_C = """
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype omp
    unistd sys/time sys/types sys/stat sys/resource sys/mman fcntl pthread malloc alloca strings getopt sched
    immintrin xmmintrin emmintrin x86intrin memory values dirent libgen mpi cpuid quadmath arm_neon arm_sve
"""
# C++23, tables 24 and 25, and what many programs take for a header of it.
_CPP = """
    algorithm any array atomic barrier bit bitset charconv chrono codecvt compare complex concepts
    condition_variable coroutine deque exception execution expected filesystem flat_map flat_set format
    forward_list fstream functional future generator initializer_list iomanip ios iosfwd iostream istream
    iterator latch limits list locale map mdspan memory memory_resource mutex new numbers numeric optional
    ostream print queue random ranges ratio regex scoped_allocator semaphore set shared_mutex source_location
    span spanstream sstream stack stacktrace stdexcept stdfloat stop_token streambuf string string_view
    strstream syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set
    utility valarray variant vector version bits/stdc++.h cassert ccomplex cctype cerrno cfenv cfloat cinttypes
    ciso646 climits clocale cmath csetjmp csignal cstdalign cstdarg cstdbool cstddef cstdint cstdio cstdlib
    cstring ctgmath ctime cuchar cwchar cwctype
"""

STANDARD = frozenset((*(f"{name}.h" for name in words(_C)), *words(_CPP)))

# Never read, even where they are found: each implementation has other numbers for the constants, and what is known of
# them is known by name.
BY_NAME = frozenset(("mpi.h",))
