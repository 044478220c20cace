"""What the terminal shows while it waits."""

from __future__ import annotations

import io

from lsp_server.terminal import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_comes_late_and_goes_before_anything_else() -> None:
    stream = Terminal()
    patient = Progress(stream, 9, patience=1000.0)
    patient.tick(1)
    patient.clear()
    assert stream.getvalue() == ""
    progress = Progress(stream, 9, patience=0.0)
    progress.tick(3)
    assert stream.getvalue().endswith("… 3 of 9 files")
    progress.clear()
    progress.clear()
    assert stream.getvalue().endswith("files\r\x1b[K")
    assert stream.getvalue().count("\x1b[K") == 2


def test_no_progress_in_a_file_or_for_one_thing() -> None:
    for stream, total in ((io.StringIO(), 9), (Terminal(), 1)):
        Progress(stream, total, patience=0.0).tick(0)
        assert stream.getvalue() == ""
