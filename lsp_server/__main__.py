"""`python -m lsp_server`: the same as `hpc-ls`. Without arguments it serves, and loads nothing else for that."""

from __future__ import annotations

import sys


def main() -> int:
    if {*sys.argv[1:]} <= {"serve", "--stdio"}:  # some editors add the latter by themselves
        from lsp_server.launch import main as serve

        return serve()
    from lsp_server.cli import main as command_line

    return command_line()


if __name__ == "__main__":
    sys.exit(main())
