"""The command ``lifext``: a first real run, and what this installation is made of."""
import argparse
import math
import pathlib
import platform
import sys
import traceback

import numpy as np

from . import __version__, demo, plot
from ._core import fast_loop, kernels, loops

__all__ = ["main"]

OUTPUT = "lifext-demo.png"
FORMATS = (".png", ".pdf", ".svg")
FAILED, MISUSED, INTERRUPTED = 1, 2, 130


class UsageError(Exception):
    """What is wrong with the arguments."""


class Parser(argparse.ArgumentParser):
    """Leaves it to `main` to report an error, in one line."""

    def error(self, message):
        """Raise `UsageError`."""
        raise UsageError(f"{self.prog}: {message} (see {self.prog} --help)")


def main(argv=None):
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
        return finished.code or 0
    except UsageError as error:
        return _report(error, MISUSED)
    return _execute(arguments)


def _execute(arguments):
    try:
        return arguments.command(arguments) or 0
    except KeyboardInterrupt:
        return _report("lifext: interrupted", INTERRUPTED)
    except Exception as error:
        if getattr(arguments, "debug", False):
            traceback.print_exc()
            return FAILED
        return _report(f"lifext: {type(error).__name__}: {error} (--debug shows where)", FAILED)


def _report(message, code):
    print(" ".join(str(message).split()), file=sys.stderr)
    return code


def parser():
    """Return the parser of the command line."""
    common = Parser(add_help=False)
    common.add_argument("--debug", action="store_true", default=argparse.SUPPRESS,
                        help="show the traceback of an error")
    top = Parser(prog="lifext", parents=[common],
                 description="Networks of conductance-based leaky integrate-and-fire neurons at the speed of C.")
    top.add_argument("--version", action="version", version=f"lifext {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_demo(commands, common)
    _add_run(commands, common)
    _add_info(commands, common)
    return top


def _add_demo(commands, common):
    command = commands.add_parser(
        "demo", parents=[common], help="run a published network through a working-memory trial",
        description="Run the dual ring of Calvin and Redish (2021), 2560 neurons, through one trial of 6.6 s: cue A "
                    "at 54 degrees, a delay of 4 s, probe X at 234 degrees. Prints firing rates and bumps of activity "
                    "next to what the published code gave, and draws the trial. The published code takes 7 to 11 "
                    "minutes for it.",
        epilog="Without tqdm (pip install 'lifext[cli]') there is no progress bar, without matplotlib "
               "(pip install 'lifext[plot]') no picture. The code of the demo, lifext/demo.py, is a model for a "
               "script of your own.")
    command.add_argument("--seed", type=_seed, default=1, metavar="N",
                         help="for np.random.seed (default: 1)")
    command.add_argument("--duration-scale", type=_scale, default=1.0, metavar="X",
                         help=f"multiply all durations by X, >= {demo.LEAST_SCALE}; 0.1 gives a first look "
                              "(default: 1)")
    command.add_argument("--output", type=_picture_path, default=pathlib.Path(OUTPUT), metavar="FILE",
                         help=f"where the picture goes: {', '.join(FORMATS)} (default: {OUTPUT})")
    command.add_argument("--no-plot", action="store_true", help="draw no picture")
    command.set_defaults(command=run_demo)


def _add_run(commands, common):
    command = commands.add_parser(
        "run", parents=[common], help="run a script of the published code, unchanged, on lifext",
        usage="lifext run [-h] [--debug] [--seed N] [--force] [--report] SCRIPT [ARGS...]",
        description="Run SCRIPT as 'python SCRIPT ARGS...' does, with lifext's modules in place of LIF_Pop, currents, "
                    "kinetics, ivprobs and spikeDC of the code of Calvin and Redish (2021, ModelDB 267046), whatever "
                    "package they are in. From one seed the spikes and the files are the same. A module is replaced "
                    "only if its source, and that of those it uses, is the published one; of any other a line on "
                    "stderr says so.",
        epilog="Options go before SCRIPT; what follows it is the script's. The exit status is the script's. "
               "docs/moving.md has more.")
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


def _add_info(commands, common):
    command = commands.add_parser(
        "info", parents=[common], help="show versions, instruction sets and the arithmetic of this machine",
        description="Show what a report about lifext should say: versions, the instruction sets that the compiled "
                    "loops were built for and use, and whether NumPy's exp is that of the C library.")
    command.set_defaults(command=lambda arguments: print(info()))


def _seed(text):
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value <= demo.MOST_SEED:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to {demo.MOST_SEED}, got {text!r}")
    return value


def _scale(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not demo.LEAST_SCALE <= value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number, finite and >= {demo.LEAST_SCALE}, got {text!r}")
    return value


def _picture_path(text):
    path = pathlib.Path(text)
    if path.suffix.lower() not in FORMATS:
        raise argparse.ArgumentTypeError(f"must end in {' or '.join(FORMATS)}, got {text!r}")
    # before the run, not after it
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"must be in a directory that exists, got {text!r}")
    return path


def _script_path(text):
    if not pathlib.Path(text).is_file():
        raise argparse.ArgumentTypeError(f"must be a file that exists, got {text!r}")
    return text


def run_script(arguments):
    """Run ``lifext run``; return the script's exit status."""
    from . import dropin
    return dropin.run_script(arguments.script, arguments.arguments, seed=arguments.seed, force=arguments.force,
                             report=arguments.report)


def run_demo(arguments):
    """Run ``lifext demo``."""
    drawn = not arguments.no_plot and _can_draw()
    trial = demo.run(arguments.seed, arguments.duration_scale)
    print(demo.table(trial))
    if drawn:
        demo.save_picture(trial, arguments.output)
        print(f"\nPicture: {arguments.output}")


def _can_draw():
    try:
        plot.need_matplotlib()
    except ImportError as error:
        print(f"No picture: {error}", file=sys.stderr)
        return False
    return True


def info():
    """Return what ``lifext info`` prints."""
    facts = {
        "lifext": __version__,
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "NumPy": np.__version__,
        "system": platform.platform(),
        "kernels": kernels.backend,
        "loops built for": ", ".join(loops.built()),
        "loops that run here": ", ".join(loops.supported()),
        "loops in use": loops.chosen(),
        "OpenMP": f"{fast_loop.max_threads()} threads" if fast_loop.has_openmp() else "no: networks run on one thread",
        "numpy.exp": _exp_agreement(),
    }
    return "\n".join(f"{name + ':':<21}{fact}" for name, fact in facts.items())


def _exp_agreement():
    # the range of the exponents in a simulation
    probe = np.linspace(-20, 5, 10001)
    differing = int((np.exp(probe) != [math.exp(x) for x in probe]).sum())
    if differing == 0:
        return f"equals libm's on {len(probe)} numbers"
    return (f"differs from libm's in {differing} of {len(probe)} numbers, in the last place: after some tens "
            "of ms, spike trains part from those of other machines; their statistics do not")
