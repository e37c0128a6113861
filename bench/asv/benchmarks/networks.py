"""Whole networks: the workloads of the race that `Network` runs."""
from types import SimpleNamespace

import all_models as models
import all_with_lifext
import with_lifext

# simulated, ms
MS = {"ring": 500.0, "dual": 1000.0, "decision": 500.0, "coba": 500.0}
MAKE = {"ring": with_lifext.rings, "dual": with_lifext.rings, "decision": all_with_lifext.decision,
        "coba": with_lifext.coba, "neurons": with_lifext.neurons}


def turn_of(workload, mode="fast", ms=None, n=None, threads=1):
    """Return a function that builds a network and runs it."""
    turn = MAKE[workload](SimpleNamespace(workload=workload, mode=mode, ms=ms or MS[workload], dt=models.DT[workload],
                                          n=models.neurons_of(workload, n), threads=threads))
    return lambda: turn(1)


class Fast:
    """Building and running, in the fast arithmetic, by network and threads."""

    params = [list(MS), [1, 2]]
    param_names = ["network", "threads"]

    def setup(self, network, threads):
        self.turn = turn_of(network, threads=threads)

    def time_turn(self, network, threads):
        self.turn()

    def peakmem_turn(self, network, threads):
        self.turn()


class Single:
    """The same with a state in float32, on one thread."""

    params = [list(MS)]
    param_names = ["network"]

    def setup(self, network):
        self.turn = turn_of(network, "float32")

    def time_turn(self, network):
        self.turn()


class Compat:
    """A fifth of it, in the published arithmetic."""

    params = [list(MS)]
    param_names = ["network"]

    def setup(self, network):
        self.turn = turn_of(network, "compat", MS[network] / 5)

    def time_turn(self, network):
        self.turn()


class Neurons:
    """Unconnected cells with noise, as many neuron-steps at each size: 2 10^7."""

    params = [[1000, 10_000, 100_000]]
    param_names = ["neurons"]

    def setup(self, neurons):
        self.turn = turn_of("neurons", ms=1e6 / neurons, n=neurons)

    def time_turn(self, neurons):
        self.turn()

    def peakmem_turn(self, neurons):
        self.turn()
