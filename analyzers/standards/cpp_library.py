"""What the functions of the C++ standard library do, as data in the notation of `library`.

Names are full: a program's own `sort` is not `std::sort`. Sources: ISO/IEC 14882:2020, clauses 22 to 31. Where a range
is given by two iterators, both letters speak of its elements.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.standards.library import Routine, words

MUTEXES = tuple(
    f"std::{name}"
    for name in words("mutex recursive_mutex timed_mutex recursive_timed_mutex shared_mutex shared_timed_mutex")
)
GUARDS = tuple(f"std::{name}" for name in words("lock_guard unique_lock scoped_lock shared_lock"))
"""Classes whose objects hold mutexes as long as they live (§32.5.4)."""

GENERATORS = words("mt19937 mt19937_64 minstd_rand minstd_rand0 default_random_engine random_device")
DISTRIBUTIONS = words(
    "uniform_real_distribution uniform_int_distribution normal_distribution bernoulli_distribution "
    "binomial_distribution poisson_distribution exponential_distribution gamma_distribution discrete_distribution"
)

_STATELESS = ("uniform_real_distribution", "uniform_int_distribution", "bernoulli_distribution")  # as implemented


def _ranges() -> Iterator[Routine]:
    """<algorithm>, <numeric>: calls take what they are given, and functions handed over are the caller's."""
    for name in words(
        "accumulate inner_product reduce count find max_element min_element minmax_element equal mismatch "
        "adjacent_find binary_search lower_bound upper_bound is_sorted lexicographical_compare search "
        "distance"
    ):
        yield Routine(f"std::{name}", "algorithm", "rrrr")
    for name in ("fill", "iota", "replace", "reverse", "unique", "remove", "rotate"):
        yield Routine(f"std::{name}", "algorithm", "bbrr")
    for name in (
        "sort",
        "stable_sort",
        "nth_element",
        "partial_sort",
        "make_heap",
        "push_heap",
        "pop_heap",
        "sort_heap",
    ):
        yield Routine(f"std::{name}", "algorithm", "bb")
    for name in ("copy", "copy_backward", "move_backward", "partial_sum", "adjacent_difference", "reverse_copy"):
        yield Routine(f"std::{name}", "algorithm", "rrb")
    for name in ("copy_n", "fill_n"):
        yield Routine(f"std::{name}", "algorithm", "rrb" if name == "copy_n" else "brr")
    yield Routine("std::swap_ranges", "algorithm", "bbb")
    yield Routine("std::merge", "algorithm", "rrrrb")
    yield Routine("std::swap", "utility", "bb")
    yield Routine("std::move", "utility", "b", single=True)
    yield Routine("std::iter_swap", "algorithm", "bb")


def _containers() -> Iterator[Routine]:
    """Methods; the first parameter is the object."""
    for name in words(
        "push_back emplace_back pop_back insert emplace erase assign swap reset fill reserve shrink_to_fit resize clear"
    ):
        yield Routine(f"std::vector::{name}", "vector", "br")
    yield Routine("std::vector::operator=", "vector", "br")
    reading = "find count contains size empty at lower_bound upper_bound begin end cbegin cend length substr c_str data"
    changing = (
        "operator[] insert emplace erase clear push pop push_back push_front pop_back pop_front append resize reserve"
        " emplace_back front back top str assign"
    )
    for kind in words(
        "map multimap unordered_map unordered_multimap set multiset unordered_set unordered_multiset list "
        "forward_list queue stack priority_queue string basic_string stringstream ostringstream "
        "istringstream"
    ):
        for name in reading.split():
            yield Routine(f"std::{kind}::{name}", kind, "rr", single=True)
        for name in changing.split():
            yield Routine(f"std::{kind}::{name}", kind, "br", single=True)
        yield Routine(f"std::{kind}::operator<<", "ostream", "br", single=True)
        yield Routine(f"std::{kind}::operator=", kind, "wr", single=True)
        yield Routine(f"std::{kind}::operator+=", kind, "br", single=True)
        yield Routine(f"std::{kind}::operator>>", "istream", "bb")


def _streams() -> Iterator[Routine]:
    yield Routine("std::ostream::operator<<", "ostream", "br", io=True)
    yield Routine("std::istream::operator>>", "istream", "bw", io=True)
    for kind in ("ofstream", "ifstream", "fstream", "iostream"):
        yield Routine(f"std::{kind}::operator<<", "ostream", "br", io=True)
        yield Routine(f"std::{kind}::operator>>", "istream", "bb", io=True)
    for kind in ("ofstream", "ifstream", "fstream", "ostream", "istream"):
        for name in ("open", "close", "write", "read", "flush", "getline", "seekg", "tellg", "good", "eof", "is_open"):
            yield Routine(f"std::{kind}::{name}", "fstream", "bb", io=True)
    yield Routine("std::getline", "string", "bb", io=True)


def _others() -> Iterator[Routine]:
    yield Routine("operator new", "builtin", "-", allocates=True)
    yield Routine("operator delete", "builtin", "w")
    for kind in MUTEXES:
        for name in words("lock unlock try_lock lock_shared unlock_shared try_lock_shared"):
            yield Routine(f"{kind}::{name}", "mutex", "b", synchronizes=True)
    for name in GENERATORS:
        yield Routine(f"std::{name}::operator()", "random", "b", single=True)
    for name in DISTRIBUTIONS:
        uses = "rb" if name in _STATELESS else "bb"
        yield Routine(f"std::{name}::operator()", "random", uses, single=True)
    yield Routine("std::terminate", "exception", exits=True, aborts=True)


CPP_ROUTINES: dict[str, Routine] = {
    routine.name: routine for part in (_ranges, _containers, _streams, _others) for routine in part()
}

# Where iterators begin that go step by step: OpenMP counts with those of random access only.
STEPWISE = frozenset(
    f"std::{container}::{name}"
    for container in words(
        "map multimap set multiset unordered_map unordered_multimap unordered_set unordered_multiset list forward_list"
    )
    for name in words("begin cbegin rbegin crbegin find lower_bound upper_bound")
)
