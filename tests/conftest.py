"""What the tests share: both backends, this machine's exp, ranges of every run, populations that go through Python."""
import functools
import math
import os
import pathlib
import signal

# Tests run side by side, one for each processor: threads that keep one busy while they wait for others make a network
# on several threads ten times as slow. What they compute is the same. OpenMP reads this when it is loaded, by lifext.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from ranges import Ranges  # noqa: E402
from suites import SPREAD, SUITES, runs  # noqa: E402

import lifext  # noqa: E402
from lifext import _core  # noqa: E402
from lifext._core.shared import loops  # noqa: E402


def numpy_exp_is_libm():
    """Whether NumPy's array exp gives libm's bits here; with AVX-512 it need not."""
    x = -np.random.RandomState(0).rand(20000) * 8
    return bool((np.exp(x) == [math.exp(v) for v in x]).all())


EXP_IS_LIBM = numpy_exp_is_libm()


def pytest_addoption(parser):
    parser.addoption("--suite", choices=sorted(SUITES), help="what an environment of CI runs (tests/suites.py)")


def pytest_collection_modifyitems(config, items):
    suite = config.getoption("suite")
    if suite is None:
        return
    kept, left_out = [], []
    for item in items:
        chosen = runs(suite, item.path.name, getattr(item, "originalname", item.name),
                      item.get_closest_marker("slow") is not None)
        (kept if chosen else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file's tests stay together, but for those of a few long ones, which would run on when all else is done."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return nodeid if pathlib.PurePath(file).name in SPREAD else file
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_configure(config):
    # a shell has what it runs in the background ignore Ctrl-C, for which some tests wait
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # networks of the tests are wired as published ones are, interneurons that have no GABA current included;
    # test_plausible.py has this warning
    config.addinivalue_line("filterwarnings", "ignore:.*has no GABA current:UserWarning")


def pytest_report_header(config):
    suite = config.getoption("suite")
    finds = [f"suite {suite}, for {SUITES[suite].finds}"] if suite else []
    return [*finds, f"lifext {lifext.__version__}: backend {_core.kernels.backend}, loops {loops.chosen()} of "
            f"{loops.built()}, NumPy {np.__version__}, whose exp {'equals' if EXP_IS_LIBM else 'differs from'} libm's"]


@pytest.fixture(params=["compiled", "reference"])
def backend(request):
    """Run a test on the compiled kernels and on their twins."""
    with _core.using(request.param):
        yield request.param


@pytest.fixture(params=loops.supported())
def build(request):
    """Run a test on the loops of each instruction set that this machine has."""
    before = loops.chosen()
    loops.choose(request.param)
    yield request.param
    loops.choose(before)


@pytest.fixture
def rng():
    return np.random.default_rng(20210517)


@pytest.fixture(autouse=True)
def global_seed():
    """Every test starts from one state of NumPy's global generator and leaves it as it was."""
    before = np.random.get_state()
    np.random.seed(1)
    yield
    np.random.set_state(before)


@pytest.fixture(autouse=True)
def ranges_of_every_run(request):
    """After each run of each test the state is looked at: physics bounds it, whatever the test is about."""
    if request.node.get_closest_marker("any_state"):
        yield
        return
    run = lifext.Network.run

    @functools.wraps(run)
    def checked(net, *args, **options):
        ranges = Ranges(net)
        run(net, *args, **options)
        # what was set and not stepped is anybody's
        if net.time > ranges.start:
            ranges.check()
    lifext.Network.run = checked
    yield
    lifext.Network.run = run


def composed(cls):
    """Return a subclass whose populations take every step through Python."""
    return type(f"Composed{cls.__name__}", (cls,), {"dVmdt": lambda self, dt, vM: cls.dVmdt(self, dt, vM)})
