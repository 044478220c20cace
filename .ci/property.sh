#!/usr/bin/env bash
# The random-program tests in two processes, each on half of the work: nothing in them depends on time.
# HPC_LS_PROPERTY_CASES is the number of loop nests; the other generators get a fifth of it.
set -uo pipefail
cd "$(dirname "$0")/.."
cases=${HPC_LS_PROPERTY_CASES:-2000}
first=$((cases * 3 / 5))
fifth=$((cases / 5))
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# run CASES SEED FILE...: pytest on random programs of these seeds; an empty SEED is the file's own
run() {
    local count=$1 seed=$2
    shift 2
    HPC_LS_PROPERTY_CASES=$count ${seed:+env HPC_LS_PROPERTY_SEED=$seed} .venv/bin/python -m pytest -p no:cacheprovider "$@"
}

others=()
for file in tests/property/test_*.py; do
    case $file in */test_nests.py | */test_dependence.py) ;; *) others+=("$file") ;; esac
done
(run "$first" 1 tests/property/test_nests.py && run "$fifth" "" "${others[@]}") >"$logs/first" 2>&1 &
one=$!
(run $((cases - first)) $((first + 1)) tests/property/test_nests.py && run "$fifth" "" tests/property/test_dependence.py) >"$logs/second" 2>&1 &
two=$!
status=0
wait $one || status=1
wait $two || status=1
cat "$logs/first" "$logs/second"
exit $status
