"""`hpc-ls check | suggest | explain | why | model | doctor | serve`. Parsing only; the rest loads on use."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

EPILOG = """\
exit status: 0 done and, for check, no errors or warnings; 1 check found some; 2 something could not be done.
configuration: `.hpc-ls.toml`, or `[tool.hpc-ls]` in pyproject.toml. Accept a finding: `// hpc-ls: ignore[rule]`.
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """As argparse does it, with the way out."""
        self.exit(2, f"hpc-ls: {message}\n`{self.prog} --help` shows what there is.\n")


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    root = _Parser(
        prog="hpc-ls",
        description="Which loops can run in parallel, with which pragma; which OpenMP code races; and why.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    root.add_argument("--version", action=_ShowVersion, help="show the version and exit")
    root.add_argument("--stdio", action="store_true", help=argparse.SUPPRESS)  # what some editors add by themselves
    commands = root.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)

    serve = commands.add_parser("serve", help="speak the Language Server Protocol on stdin and stdout (the default)")
    serve.add_argument("--stdio", action="store_true", help=argparse.SUPPRESS)

    check = commands.add_parser("check", help="report races and misused directives")
    _add_paths(check)
    _add_format(check, "text", "json", "sarif", "github")
    _add_rules(check)
    _add_analysis(check)
    _add_run(check)
    check.add_argument("--baseline", type=Path, metavar="FILE", help="leave out the findings accepted in FILE")
    check.add_argument("--write-baseline", action="store_true", help="accept everything found now in that file")

    suggest = commands.add_parser("suggest", help="show which loops can run in parallel, and how")
    _add_paths(suggest)
    _add_format(suggest, "text", "json", "diff")
    suggest.add_argument("--line", type=_positive, metavar="N", help="only the loop of this line, in full")
    suggest.add_argument(
        "--rewrite",
        action="store_true",
        help="with --line, and --apply or --format diff: write the loop in another way, as a scan or in two loops",
    )
    suggest.add_argument("--apply", action="store_true", help="insert the pragmas that pay, and check the result")
    suggest.add_argument("--snippet", action="store_true", help="bare loops: undeclared names are distinct objects")
    suggest.add_argument(
        "--offload",
        action="store_true",
        default=None,
        help="also for a device: `target teams` with what has to be copied, where that pays",
    )
    suggest.add_argument(
        "--model",
        action="store_true",
        help="ask the local model about loops that the analysis cannot decide, and judge what it proposes",
    )
    _add_analysis(suggest)
    _add_run(suggest)

    explain = commands.add_parser("explain", help="explain one line, or a rule")
    explain.add_argument("what", metavar="PATH:LINE | RULE")
    _add_color(explain)
    _add_analysis(explain)
    explain.set_defaults(jobs=1)

    why = commands.add_parser("why", help="the reasons of one verdict, or the smallest program that still has it")
    why.add_argument("what", metavar="PATH:LINE")
    why.add_argument(
        "--minimize",
        action="store_true",
        help="print the smallest program with this verdict, for a report; what compiles still does (cc -fsyntax-only)",
    )
    why.add_argument(
        "--reproducer",
        action="store_true",
        help="print a small program with the race found on this line, ready to compile with ThreadSanitizer",
    )
    why.add_argument("--anonymize", action="store_true", help="with --minimize: other names for everything declared")
    why.add_argument("--seconds", type=_seconds, default=20.0, metavar="N", help="how long to look (default: 20)")
    _add_color(why)
    _add_analysis(why)
    why.set_defaults(jobs=1)

    _add_model(commands.add_parser("model", help="the local model: which one is asked, which ones can be had"))

    doctor = commands.add_parser("doctor", help="what is installed, what works, what to do")
    doctor.add_argument(
        "--calibrate",
        action="store_true",
        help="measure what threads cost on this machine (some seconds, needs gcc or clang): it decides what pays",
    )
    _add_format(doctor, "text", "json")
    _add_color(doctor)
    return root


def _add_model(model: argparse.ArgumentParser) -> None:
    actions = model.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=_Parser)
    shown = actions.add_parser("list", help="the models that are here, and those that can be had")
    use = actions.add_parser("use", help="ask this model from now on")
    use.add_argument("what", metavar="PATH | NAME | default | none")
    info = actions.add_parser("info", help="what a model is, what it needs and how fast it is here")
    info.add_argument("what", metavar="PATH | NAME", nargs="?", help="default: the one in use")
    pull = actions.add_parser("pull", help="bring a model; goes on where an earlier attempt ended")
    pull.add_argument("name", metavar="NAME")
    pull.add_argument("--sha256", metavar="HEX", help="the checksum, where the catalogue has none")
    _add_train(actions.add_parser("train", help="make the shipped weights anew, or tune them on code of your own"))
    for action in (shown, pull):
        action.add_argument("--catalogue", type=Path, metavar="FILE", default=None, help="another list of models")


def _add_train(train: argparse.ArgumentParser) -> None:
    train.add_argument("folder", type=Path, metavar="FOLDER", help="where the result goes, and what a second run needs")
    train.add_argument(
        "--corpus",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="real code to learn from, as JSON lines",
    )
    train.add_argument("--from-default", action="store_true", help="tune the shipped weights on --corpus, nothing more")
    train.add_argument(
        "--all", action="store_true", help="learn from all of --corpus, a third of which is kept otherwise"
    )
    train.add_argument("--examples", type=_positive, metavar="N", help="how many examples to generate")
    train.add_argument("--minutes", type=_seconds, metavar="N", default=0.0, help="stop after so long, to go on later")
    train.add_argument("--threads", type=_positive, metavar="N", help="of the processor")
    train.add_argument("--seed", type=_positive, metavar="N", default=1)
    train.add_argument("--score", action="store_true", help="only print the figures of what FOLDER holds")


class _ShowVersion(argparse.Action):
    """The package's metadata is looked up only when asked for: that takes longer than all the rest of the start."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, default=argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"hpc-ls {version('hpc-ls')}\n")
        parser.exit()


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a line number; lines count from 1")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number of seconds")
    return value


def _add_paths(command: argparse.ArgumentParser) -> None:
    command.add_argument("paths", nargs="*", default=["."], metavar="PATH", help="files, folders, or - for stdin")
    command.add_argument("--language", choices=["c", "cpp"], help="of all files named, whatever their extension")
    _add_color(command)


def _add_color(command: argparse.ArgumentParser) -> None:
    command.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="also: NO_COLOR=1")


def _add_format(command: argparse.ArgumentParser, *formats: str) -> None:
    command.add_argument("--format", choices=formats, default=formats[0])


def _add_rules(command: argparse.ArgumentParser) -> None:
    rules = "rules or families (race, omp, mpi, perf), separated by commas"
    command.add_argument("--select", action="append", metavar="RULE", help=f"only these {rules}")
    command.add_argument("--ignore", action="append", metavar="RULE", help=f"not these {rules}")


def _add_analysis(command: argparse.ArgumentParser) -> None:
    command.add_argument("--min-confidence", metavar="WORD", help="proved, likely (default) or possible")
    command.add_argument(
        "--assume-no-alias",
        action="store_true",
        default=None,
        help="take pointers that may overlap for distinct, without saying so",
    )
    command.add_argument(
        "--no-index",
        dest="workspace_index",
        action="store_false",
        default=None,
        help="look at each file by itself: what functions of other files do is unknown",
    )
    command.add_argument("-D", dest="defines", action="append", metavar="NAME[=VALUE]", help="define a macro")
    command.add_argument("-I", dest="include_paths", action="append", metavar="FOLDER", help="look here for headers")
    command.add_argument(
        "--compile-commands", metavar="PATH", help="the compile_commands.json of the build, or its folder"
    )
    if command.get_default("language") is None and not any(a.dest == "language" for a in command._actions):
        command.add_argument("--language", choices=["c", "cpp"], help="whatever the extension")


def _add_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--jobs", "-j", type=int, metavar="N", help="processes; 0: one per processor (default)")
    command.add_argument("--since", metavar="GITREF", help="only what touches lines changed since this commit")


def overrides(arguments: argparse.Namespace) -> dict[str, object]:
    """What the command line says, under the keys of the configuration file."""
    found: dict[str, object] = {}
    for key in ("select", "ignore"):
        values = getattr(arguments, key, None)
        if values:
            found[key] = [name for value in values for name in value.split(",") if name.strip()]
    keys = ("min_confidence", "assume_no_alias", "offload", "workspace_index", "defines", "include_paths")
    for key in (*keys, "compile_commands", "jobs"):
        value = getattr(arguments, key, None)
        if value is not None and not (key == "jobs" and arguments.command in ("explain", "why")):
            found[key.replace("_", "-")] = value
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status. Never shows a traceback for what a person did."""
    # Loading and analysing make many objects and little garbage; collecting it as often as usual costs a tenth.
    gc.set_threshold(50_000, 20, 20)
    arguments = parser().parse_args(argv)
    try:
        status = _run(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # Whoever read has seen enough. The interpreter's own flush at exit must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130


def _run(arguments: argparse.Namespace) -> int:
    if arguments.command in (None, "serve"):
        from lsp_server.launch import main as serve

        return serve()
    for stream in (sys.stdout, sys.stderr):
        # A name or a line of code that the terminal cannot show must not end the program.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if arguments.command == "doctor":
        from lsp_server import doctor

        return doctor.run(arguments)
    if arguments.command == "model":
        from lsp_server.commands import model

        return model.run(arguments)
    if arguments.command == "explain":
        from lsp_server.commands import explain

        return explain.run(arguments, overrides(arguments))
    if arguments.command == "why":
        from lsp_server.commands import why

        return why.run(arguments, overrides(arguments))
    if arguments.command == "suggest":
        from lsp_server.commands import suggest

        return suggest.run(arguments, overrides(arguments))
    from lsp_server.commands import check

    return check.run(arguments, overrides(arguments))


if __name__ == "__main__":
    raise SystemExit(main())
