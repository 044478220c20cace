"""Names that editors use: the commands of the server and its own notification."""

from __future__ import annotations

INSERT_PRAGMA = "hpc-ls.insertPragma"
EXPLAIN = "hpc-ls.explain"
SHOW_ANALYSIS = "hpc-ls.showAnalysis"
TREAT_INDEPENDENT = "hpc-ls.treatIndependent"
COPY_REPRODUCER = "hpc-ls.copyReproducer"
RESTART_ANALYSIS = "hpc-ls.restartAnalysis"  # not "restart": editors restart the whole server under that name
STATUS = "hpc-ls/status"
