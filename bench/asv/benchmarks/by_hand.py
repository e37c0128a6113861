"""A loop in Python over the published classes, as a script that was moved over has it."""
import functools

import workloads

import lifext


@functools.cache
def running(workload):
    """Return a workload, run in: once a process, though asv sets up before each sample."""
    made = workload(lifext)
    made.advance(made.run_in)
    return made


class OneNeuron:
    """A call's cost."""

    def setup(self):
        self.workload = running(workloads.OneNeuron)

    def time_1000_steps(self):
        self.workload.advance(1000)


class DualRing:
    """A step of 2560 neurons with dense weights."""

    def setup(self):
        self.workload = running(workloads.DualRing)

    def time_100_steps(self):
        self.workload.advance(100)
