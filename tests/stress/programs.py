"""A program of kernels: each runs serially and with its pragmas, on the same data, and the results are compared.

`serial.c` is the generated text, `parallel.c` the same with pragmas. Both become a unit of one program by inclusion in
a driver that owns the data; the analysis sees neither the driver nor the data.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.stress import kernels

_UNIT = """\
#include "FILE.c"
#include "shared.h"

static int data[3 * 2048], idx[128];
static double floats[2 * 2048];
static long big[2048];
static Point points[128];

static void point(Point *a, int s) { *a = (Point){s % 7, s % 5, s % 3 * 0.5, {s % 2, s % 3, s % 11, 1}}; }

static void reset(void) {
  for (int z = 0; z < 2048; z++) {
    ga[z] = z % 7; gb[z] = z % 5 + 1; gx[z] = z % 9 * 0.5; big[z] = z % 13;
    ((int *) gc)[z] = ((int *) gc)[z + 2048] = z % 6; ((int *) gd)[z] = ((int *) gd)[z + 2048] = z % 11;
    ((double *) gm)[z] = ((double *) gm)[z + 2048] = z % 4;
    data[z] = z % 8; data[z + 2048] = z % 9 - 2; data[z + 4096] = z % 12;
    floats[z] = z % 7 * 0.25; floats[z + 2048] = z % 3;
  }
  for (int z = 0; z < 64; z++) out[z] = fout[z] = z;
  for (int z = 0; z < 128; z++) { point(&gp[z], z); point(&points[z], z + 3); idx[z] = z * 37 % 61; }
  memset(&totals, 0, sizeof totals);
}

#define KEEP(array, count) for (int z = 0; z < (count); z++) to[at++] = (double) (array)[z]
static int keep_points(const Point *from, double *to, int at) {
  for (int z = 0; z < 128; z++) {
    to[at++] = from[z].x; to[at++] = from[z].y; to[at++] = from[z].w;
    for (int l = 0; l < 4; l++) to[at++] = from[z].v[l];
  }
  return at;
}

static int result(double *to) {
  int at = 0;
  KEEP(out, 64); KEEP(ga, 2048); KEEP(gb, 2048); KEEP((int *) gc, 4096); KEEP((int *) gd, 4096); KEEP(data, 3 * 2048);
  KEEP(big, 2048);
  at = keep_points(points, to, keep_points(gp, to, at));
  to[at++] = totals.count; to[at++] = totals.sum;
  KEEP(gx, 2048); KEEP((double *) gm, 4096); KEEP(floats, 2 * 2048); KEEP(fout, 64);
  return at;
}

int FILE_run(int kernel, double *to) {
  reset();
  switch (kernel) {
CASES
  }
  return result(to);
}
"""
_CALL = "61, 23, data + 128, data + 2048, data + 4096, floats, floats + 2048, idx, points, big"
_MAIN = """\
#include <stdio.h>
#include "serial_unit.c"
static double one[40000], two[40000];
static const int seeds[] = {SEEDS};
int main(void) {
#pragma omp parallel  /* Archer tells that it is there when the first team starts */
  { }
  for (unsigned z = 0; z < sizeof seeds / sizeof *seeds; z++) {
    int count = serial_run(seeds[z], one);
    parallel_run(seeds[z], two);
    for (int at = 0; at < count; at++) {
      double difference = fabs(one[at] - two[at]), size = fmax(fabs(one[at]), fabs(two[at]));
      if (one[at] == two[at] || (one[at] != one[at] && two[at] != two[at])) continue;
      if (difference <= 1e-9 * size && one[at] != floor(one[at])) continue;
      printf("DIFFERENCE k%d element %d: %.17g serially, %.17g in parallel\\n", seeds[z], at, one[at], two[at]);
      break;
    }
  }
  printf("DONE\\n");
}
"""
COMPILERS = ("clang-22", "clang")
_FLAGS = ("-g", "-w", "-fwrapv")
_SANITIZE = ("-fopenmp", "-fsanitize=thread")
# Optimized, so that copies of records are loads and stores and no calls of memcpy, which the sanitizer ignores; but
# loads that are moved out of their conditions would be reported as races that the source does not have.
_OPTIMIZE = ("-O1", "-mllvm", "-disable-licm-promotion")


@dataclass(frozen=True)
class Tools:
    """The compiler and what Archer needs to be found."""

    compiler: str
    archer: Path


@dataclass
class Outcome:
    """What one program did: problems by kernel."""

    races: dict[str, str] = field(default_factory=dict)  # the first report of each
    differences: dict[str, str] = field(default_factory=dict)
    broken: str = ""  # why the program could not be compiled or did not come to its end

    @property
    def failed(self) -> bool:
        return bool(self.races or self.differences or self.broken)


def tools() -> Tools | None:
    """clang with ThreadSanitizer and libomp with Archer, or None where something is missing."""
    for name in COMPILERS:
        command = [name, *_SANITIZE]
        try:
            found = subprocess.run(
                [*command, "-print-file-name=libarcher.so"], capture_output=True, text=True, check=True
            )
            archer = Path(found.stdout.strip())
            with tempfile.TemporaryDirectory() as folder:
                source = Path(folder, "empty.c")
                source.write_text("#include <omp.h>\nint main(void) { return 0; }\n")
                subprocess.run([*command, str(source), "-o", f"{folder}/empty"], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        if archer.is_absolute() and archer.exists():
            return Tools(name, archer.resolve())
    return None


def text_of(made: Sequence[kernels.Kernel]) -> str:
    """The file that the analysis sees."""
    return kernels.PREAMBLE + "".join(kernel.c for kernel in made)


def write(folder: Path, made: Sequence[kernels.Kernel], parallel: str) -> None:
    """Put the program's files into `folder`; `parallel` is the text with pragmas."""
    (folder / "serial.c").write_text(text_of(made))
    (folder / "parallel.c").write_text(parallel)
    cases = "\n".join(f"  case {kernel.seed}: {kernel.name}({_CALL}); break;" for kernel in made)
    (folder / "shared.h").write_text("int serial_run(int, double *);\nint parallel_run(int, double *);\n")
    for name in ("serial", "parallel"):
        unit = _UNIT.replace("FILE", name).replace("CASES", cases)
        rename = "".join(f"#define {kernel.name} {name}_{kernel.name}\n" for kernel in made)
        (folder / f"{name}_unit.c").write_text(rename + unit)
    seeds = ", ".join(str(kernel.seed) for kernel in made)
    (folder / "main.c").write_text(_MAIN.replace("SEEDS", seeds))


def run(folder: Path, tool: Tools, threads: int = 4, limit: float = 120) -> Outcome:
    """Compile and run the program in `folder`."""
    outcome = Outcome()
    compiler = [tool.compiler, *_FLAGS]
    for built in (
        [*compiler, "-fopenmp", "-c", "main.c", "-o", "main.o"],
        [*compiler, *_OPTIMIZE, *_SANITIZE, "main.o", "parallel_unit.c", "-lm", "-o", "program"],
    ):
        said = _run(built, folder, limit)
        if said.returncode:
            outcome.broken = f"does not compile:\n{said.stdout[:2000]}"
            return outcome
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "OMP_DYNAMIC": "false",
        "OMP_WAIT_POLICY": "passive",
        "KMP_BLOCKTIME": "0",
        "OMP_TOOL_LIBRARIES": str(tool.archer),
        "ARCHER_OPTIONS": "verbose=1",
        "TSAN_OPTIONS": "ignore_noninstrumented_modules=1 exitcode=66 history_size=4",
    }
    try:
        ran = _run(["./program"], folder, limit, environment)
    except subprocess.TimeoutExpired:
        outcome.broken = f"did not end within {limit:.0f} s"
        return outcome
    if "Archer detected" not in ran.stdout:
        outcome.broken = "Archer was not loaded: " + ran.stdout[:500]
    elif "DONE" not in ran.stdout:
        outcome.broken = f"ended with {ran.returncode}:\n{ran.stdout[-2000:]}"
    for line in ran.stdout.splitlines():
        if found := re.match(r"DIFFERENCE (k\d+) (.*)", line):
            outcome.differences.setdefault(found[1], found[2])
    for report in re.findall(r"WARNING: ThreadSanitizer.*?={18}", ran.stdout, re.DOTALL):
        # Functions without their own name (the static helpers) are named by the kernel further down the stack.
        name = re.search(r"\b(?:parallel_)?(k\d+)\b", report)
        outcome.races.setdefault(name[1] if name else "somewhere", report)
    return outcome


def _run(
    command: Sequence[str], folder: Path, limit: float, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment, text=True, errors="replace", timeout=limit, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
    )  # fmt: skip
