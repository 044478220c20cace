#!/usr/bin/env bash
# Installs the system tools that the tests use, with apt, where this user may. Where not, says what is missing and how
# to get it. Exits 0 in both cases for a person (those tests are skipped), 1 in CI when something is missing.
set -uo pipefail

# command: the Debian package that brings it
declare -A package=(
    [gcc]=gcc [g++]=g++ [git]=git [nvim]=neovim [chromium]=chromium [node]=nodejs [npm]=npm [make]=make
    [dpkg-deb]=dpkg [tar]=tar [fc-list]=fontconfig [clang-22]=clang-22 [mpicc]=libopenmpi-dev
)

missing_packages() {
    local command
    for command in "${!package[@]}"; do
        command -v "$command" >/dev/null || echo "${package[$command]}"
    done
    # Without a font, Chromium draws a workbench of empty boxes.
    if command -v fc-list >/dev/null && ! fc-list 2>/dev/null | grep -qi dejavu; then echo fonts-dejavu-core; fi
    # ThreadSanitizer and OpenMP with Archer, for the generated programs of tests/stress.
    ls /usr/lib/llvm-22/lib/clang/*/lib/*/libclang_rt.tsan*.a >/dev/null 2>&1 || echo libclang-rt-22-dev
    [ -e /usr/lib/llvm-22/lib/libarcher.so ] || echo libomp-22-dev
    "${PYTHON:-python3}" -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

mapfile -t missing < <(missing_packages | sort -u)
if [ "${#missing[@]}" -eq 0 ]; then
    echo "setup-system: everything is here"
    exit 0
fi

if command -v apt-get >/dev/null && as_root true 2>/dev/null; then
    echo "setup-system: installing ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null ||
        echo "setup-system: apt-get update failed; trying with the lists that are here" >&2
    # One by one when all at once fails: one package that cannot be had must not keep out the others.
    install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends)
    if ! as_root "${install[@]}" "${missing[@]}" </dev/null >/dev/null; then
        for name in "${missing[@]}"; do
            as_root "${install[@]}" "$name" </dev/null >/dev/null || echo "setup-system: $name could not be installed" >&2
        done
    fi
fi

mapfile -t missing < <(missing_packages | sort -u)
[ "${#missing[@]}" -eq 0 ] && echo "setup-system: done" && exit 0
cat >&2 <<END
setup-system: missing: ${missing[*]}
  As an administrator: apt-get install ${missing[*]}
  Without it, the tests that need them are skipped (in CI they fail).
END
[ "${CI:-}" = true ] && exit 1
exit 0
