"""The command ``lifext``: a first real run, scripts of the published code, and this installation and its speed."""
from __future__ import annotations

import argparse
import difflib
import json
import math
import os
import pathlib
import sys
import traceback
from typing import Any, NoReturn

from . import __version__, _files, _installation, demo, plot
from ._installation import facts

__all__ = ["main"]

OUTPUT = "lifext-demo.png"
FORMATS = (".png", ".pdf", ".svg")
FAILED, MISUSED, INTERRUPTED = 1, 2, 130
STATUS = ("Exit status: 0 if all went well, 1 if it failed, 2 if the arguments are wrong or LIFEXT_SIMD or "
          "LIFEXT_BACKEND is, 130 if it was interrupted.")


class UsageError(Exception):
    """What is wrong with the arguments."""


class Parser(argparse.ArgumentParser):
    """Leaves it to `main` to report an error, in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`."""
        raise UsageError(f"{self.prog}: {message} (see {self.prog} --help)")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, but not past an option that there is not: its value would be taken for the command or the script."""
        words = sys.argv[1:] if args is None else list(args)
        self._refuse_unknown_option(words)
        return super().parse_known_args(words, namespace)

    def _refuse_unknown_option(self, words: list[str]) -> None:
        options = self._option_string_actions
        position = 0
        while position < len(words):
            word = words[position]
            if word in ("-", "--") or not word.startswith("-"):
                # the command, or the script, whose arguments are its own
                return
            name, given, _ = word.partition("=")
            # argparse takes the beginning of a name, too
            meant = [option for option in options if option == name] or [
                option for option in options if name.startswith("--") and option.startswith(name)]
            if not meant:
                close = difflib.get_close_matches(name, options, 1)
                self.error(f"there is no option {name}" + (f"; did you mean {close[0]}?" if close else ""))
            position += 1 if given or options[meant[0]].nargs == 0 else 2


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; left out, those of the process.

    Returns
    -------
    int
        0; 1 if the command failed, 2 if the arguments are wrong, 130 if it was interrupted.
    """
    try:
        arguments = parser().parse_args(argv)
    except SystemExit as finished:
        # --help and --version
        return int(finished.code or 0)
    except UsageError as error:
        return _report(error, MISUSED)
    return _execute(arguments)


def _execute(arguments: argparse.Namespace) -> int:
    try:
        return arguments.command(arguments) or 0
    except KeyboardInterrupt:
        return _report("lifext: interrupted", INTERRUPTED)
    except BrokenPipeError:
        # who read the output has gone (`lifext info | head -1`): say nothing, and have nothing said at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if getattr(arguments, "debug", False):
            traceback.print_exc()
            return FAILED
        return _report(f"lifext: {type(error).__name__}: {error} (--debug shows where)", FAILED)


def _report(message: object, code: int) -> int:
    print(" ".join(str(message).split()), file=sys.stderr)
    return code


def parser() -> Parser:
    """Return the parser of the command line."""
    common = Parser(add_help=False)
    common.add_argument("--debug", action="store_true", default=argparse.SUPPRESS,
                        help="show the traceback of an error")
    top = Parser(prog="lifext", parents=[common],
                 description="Networks of conductance-based leaky integrate-and-fire neurons at the speed of C: a "
                             "first real run, scripts of the published code on lifext, and what is installed here and "
                             "how fast it is.",
                 epilog=f"'lifext COMMAND --help' says more of each. {STATUS} An error is one line on stderr; --debug, "
                        "before or after COMMAND, shows its traceback.")
    top.add_argument("--version", action="version", version=f"lifext {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_demo(commands, common)
    _add_run(commands, common)
    _add_info(commands, common)
    _add_bench(commands, common)
    return top


def _add_demo(commands: Any, common: Parser) -> None:
    command = commands.add_parser(
        "demo", parents=[common], help="run a published network through a working-memory trial",
        description="Run the dual ring of Calvin and Redish (2021), 2560 neurons, through one trial of 6.6 s: cue A "
                    "at 54 degrees, a delay of 4 s, probe X at 234 degrees. Prints firing rates and bumps of activity "
                    "next to what the published code gave, and draws the trial. The published code takes 7 to 11 "
                    "minutes for it.",
        epilog="Without tqdm (pip install 'lifext[cli]') there is no progress bar, without matplotlib "
               "(pip install 'lifext[plot]') no picture. The code of the demo, lifext/demo.py, is a model for a "
               f"script of your own. {STATUS}")
    command.add_argument("--seed", type=_seed, default=1, metavar="N",
                         help="for np.random.seed (default: 1)")
    command.add_argument("--duration-scale", type=_scale, default=1.0, metavar="X",
                         help=f"multiply all durations by X, >= {demo.LEAST_SCALE}; 0.1 gives a first look "
                              "(default: 1)")
    command.add_argument("--output", type=_picture_path, default=pathlib.Path(OUTPUT), metavar="FILE",
                         help=f"where the picture goes: {', '.join(FORMATS)} (default: {OUTPUT})")
    command.add_argument("--no-plot", action="store_true", help="draw no picture")
    command.set_defaults(command=run_demo)


def _add_run(commands: Any, common: Parser) -> None:
    command = commands.add_parser(
        "run", parents=[common], help="run a script of the published code, unchanged, on lifext",
        usage="lifext run [-h] [--debug] [--seed N] [--force] [--report] SCRIPT [ARGS...]",
        description="Run SCRIPT as 'python SCRIPT ARGS...' does, with lifext's modules in place of LIF_Pop, currents, "
                    "kinetics, ivprobs and spikeDC of the code of Calvin and Redish (2021, ModelDB 267046), whatever "
                    "package they are in. From one seed the spikes and the files are the same. A module is replaced "
                    "only if its source, and that of those it uses, is the published one; of any other a line on "
                    "stderr says so.",
        epilog="Options go before SCRIPT; what follows it is the script's. The exit status is the script's, or 2 "
               "if the arguments of lifext itself are wrong. docs/moving.md has more.")
    command.add_argument("--seed", type=_seed, metavar="N", help="call np.random.seed(N) first")
    command.add_argument("--force", action="store_true",
                         help="replace modules of these names even if their source is not the published one")
    command.add_argument("--report", action="store_true",
                         help="say on stderr, at the end, what was replaced, and which populations were not stepped "
                              "in compiled code and why")
    command.add_argument("script", type=_script_path, metavar="SCRIPT", help="a Python file")
    rest = command.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGS", help="the script's arguments")
    rest.required = False
    command.set_defaults(command=run_script)


def _add_info(commands: Any, common: Parser) -> None:
    command = commands.add_parser(
        "info", parents=[common], help="show versions, compiler, instruction sets and threads",
        description="Show what a report about lifext should say: versions, the compiler and flags of the extension "
                    "modules, the instruction sets that the loops over neurons were built for and the one in use, "
                    "threads, variables of the environment that matter, and whether NumPy's exp is that of the C "
                    "library.",
        epilog=STATUS)
    command.set_defaults(command=show_info)


def _add_bench(commands: Any, common: Parser) -> None:
    command = commands.add_parser(
        "bench", parents=[common], help="measure, in a minute, how fast networks run on this machine",
        description="Run a single ring, a dual ring, COBA and unconnected neurons: by lifext on one and more threads, "
                    "in its compat arithmetic, by its NumPy twin (a loop in Python over the published classes, with "
                    "kernels written in NumPy), and by Brian2 (C++ standalone) where it is installed beside lifext. "
                    "Prints seconds of wall time per simulated second, the ratio to lifext on one thread, and firing "
                    "rates, which should be alike. Medians of up to 3 turns, which contenders take one after the "
                    "other.",
        epilog="Takes about a minute on two cores that have nothing else to do. Brian2 compiles a program for each "
               "network, which is not counted and takes some 15 s each in addition. The NumPy twin of COBA "
               f"needs scipy. {STATUS}")
    command.add_argument("--quick", action="store_true",
                         help="one short turn on three networks, without Brian2, to see that everything works; the "
                              "figures mean little")
    command.add_argument("--no-brian2", action="store_true", help="leave out Brian2")
    command.add_argument("--json", type=_file_path, metavar="FILE",
                         help="write all figures, and what 'lifext info' tells, to FILE")
    command.set_defaults(command=run_bench)


def _seed(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value <= demo.MOST_SEED:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to {demo.MOST_SEED}, got {text!r}")
    return value


def _scale(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not demo.LEAST_SCALE <= value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number, finite and >= {demo.LEAST_SCALE}, got {text!r}")
    return value


def _picture_path(text: str) -> pathlib.Path:
    path = pathlib.Path(text)
    if path.suffix.lower() not in FORMATS:
        raise argparse.ArgumentTypeError(f"must end in {' or '.join(FORMATS)}, got {text!r}")
    return _file_path(text)


def _file_path(text: str) -> pathlib.Path:
    path = pathlib.Path(text)
    # before the run, not after it
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"must be in a directory that exists, got {text!r}")
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"must be a file, got the directory {text!r}")
    return path


def _script_path(text: str) -> str:
    if not pathlib.Path(text).is_file():
        raise argparse.ArgumentTypeError(f"must be a file that exists, got {text!r}")
    return text


def run_script(arguments: argparse.Namespace) -> int:
    """Run ``lifext run``; return the script's exit status."""
    from . import dropin
    return dropin.run_script(arguments.script, arguments.arguments, seed=arguments.seed, force=arguments.force,
                             report=arguments.report)


def run_demo(arguments: argparse.Namespace) -> None:
    """Run ``lifext demo``."""
    drawn = not arguments.no_plot and _can_draw()
    trial = demo.run(arguments.seed, arguments.duration_scale)
    print(demo.table(trial))
    if drawn:
        demo.save_picture(trial, arguments.output)
        print(f"\nPicture: {arguments.output}")


def _can_draw() -> bool:
    try:
        plot.need_matplotlib()
    except ImportError as error:
        print(f"No picture: {error}", file=sys.stderr)
        return False
    return True


def show_info(arguments: argparse.Namespace) -> None:
    """Run ``lifext info``."""
    print(info(), flush=True)


def info() -> str:
    """Return what ``lifext info`` prints."""
    return "\n".join(f"{name + ':':<21}{fact}" for name, fact in facts().items())


def run_bench(arguments: argparse.Namespace) -> None:
    """Run ``lifext bench``."""
    from . import bench
    known = facts()
    print(f"lifext {known['lifext']} with loops for {known['loops in use']}; NumPy {known['NumPy']}; "
          f"{known['compiler']}; {_installation.processors()} processors\n"
          "wall s/s: seconds of wall time a simulated second, median over turns. Ratio: to\n"
          "lifext on one thread. Hz: spikes a second and neuron, by population.\n", flush=True)
    results = bench.measure(arguments.quick, not arguments.no_brian2, lambda text: print(text + "\n", flush=True))
    print("* simulates less of the same, from the same start: rates are those of that time.")
    if bench.threads_lose(results):
        print("Threads lose here. If other programs use the processors, OMP_WAIT_POLICY=passive helps.")
    if arguments.json:
        with _files.replacing(arguments.json) as file:
            file.write((json.dumps(results, indent=1) + "\n").encode())
        print(f"Figures: {arguments.json}")
