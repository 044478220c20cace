"""The main job in a real Neovim: the system's, and a current one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psutil
import pytest

Open = Callable[[str, str], Any]  # gives the Neovim of conftest.py

RACE = """\
double energy(int n, const double *m, const double *v) {
    double total = 0.0;
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        total += 0.5 * m[i] * v[i] * v[i];
    }
    return total;
}
"""
LOOP = """\
void scale(int n, double a, const double *restrict x, double *restrict y) {
    for (int i = 0; i < n; i++) {
        y[i] = a * x[i];
    }
}
"""

both = pytest.mark.parametrize(
    "name",
    [
        pytest.param("nvim", marks=pytest.mark.needs("nvim")),
        pytest.param("nvim-0.12", marks=pytest.mark.needs("nvim-0.12")),
    ],
)
newest = pytest.mark.needs("nvim-0.12")


def races(neovim: Any) -> list[str]:
    return [text for text in neovim.lua("probe.codes()") if text.startswith("race-")]


@both
def test_race_is_shown_and_repaired(name: str, open_neovim: Open) -> None:
    neovim = open_neovim(name, RACE)
    neovim.wait("#probe.codes() > 0", "a diagnostic")
    (race,) = races(neovim)
    assert race.startswith("race-missing-reduction: ")
    assert "total" in race
    neovim.lua("probe.choose('reduction(+:total)')")
    neovim.keys("5G09lgra")
    neovim.wait("vim.fn.getline(3):find('parallel for reduction%(%+:total%)')", "the fix to be applied")
    neovim.wait("#probe.codes() == 0", "the diagnostic to go")
    assert neovim.text() == RACE.replace("parallel for", "parallel for reduction(+:total)")


@both
def test_hover_gives_the_verdict(name: str, open_neovim: Open) -> None:
    neovim = open_neovim(name, LOOP)
    neovim.wait("probe.clients() > 0", "a client")
    neovim.keys("2GfiK")
    assert "parallel" in neovim.wait("probe.floating()", "the hover window")


@both
def test_typing_keeps_the_server_in_step(name: str, open_neovim: Open) -> None:
    """A race typed in, among characters of several bytes, and taken out again."""
    neovim = open_neovim(name, "/* größer 😀 */\n" + RACE.replace("    #pragma omp parallel for\n", ""))
    neovim.wait("probe.clients() > 0", "a client")
    neovim.keys("3Go/* ü 😀 */<CR>#pragma omp parallel for /* ß */<Esc>")
    neovim.wait("#probe.codes() > 0", "a diagnostic")
    assert any(race.startswith("race-missing-reduction") for race in races(neovim))
    neovim.keys(":g/pragma/d<CR>")
    neovim.wait("not table.concat(probe.codes()):find('race')", "the race to go")


@newest
def test_pragma_as_ghost_text(open_neovim: Open) -> None:
    neovim = open_neovim("nvim-0.12", LOOP)
    neovim.wait("probe.clients() > 0", "a client")
    neovim.keys("1Go#pragma omp ")
    (ghost,) = neovim.wait("probe.shown('nvim.lsp.inline_completion')", "ghost text")
    assert ghost.startswith("parallel for")
    neovim.keys("<Tab>")
    neovim.wait("vim.fn.getline(2):find('#pragma omp parallel for')", "Tab to take it")
    neovim.keys("<Esc>")
    lines = LOOP.splitlines(keepends=True)
    text = neovim.text()
    assert text.startswith(lines[0])
    assert text.splitlines()[1].strip().startswith("#pragma omp parallel for")
    assert text.endswith("".join(lines[1:]))


@newest
def test_code_lens(open_neovim: Open) -> None:
    neovim = open_neovim("nvim-0.12", LOOP)
    lenses = neovim.wait("probe.lenses()", "a code lens")
    assert any(title.startswith("parallel") for title in lenses), lenses


@pytest.mark.needs("nvim")
@pytest.mark.parametrize("end", ["quit", "kill"])
def test_no_process_is_left_behind(end: str, open_neovim: Open) -> None:
    """Also when the editor is killed, as when a connection to a login node breaks."""
    neovim = open_neovim("nvim", RACE)
    neovim.wait("#probe.codes() > 0", "a diagnostic")
    server = neovim.processes()
    assert len(server) > 1, "a server and a worker should run"
    if end == "quit":
        neovim.close()
    else:
        neovim.process.kill()
        neovim.process.wait(10)
    _, alive = psutil.wait_procs(server, timeout=20)
    assert not alive, [process.cmdline() for process in alive]
