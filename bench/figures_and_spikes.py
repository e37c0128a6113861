"""A matplotlib backend: `show` saves each figure, and the spikes and state of the script that is running.

For `published_scripts.py`: so what unchanged scripts compute can be compared, without a window.
"""
import os
import sys

import numpy as np
from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas

__all__ = ["FigureCanvas", "FigureManager"]

POPULATIONS = ("perc_pyr", "perc_int", "mem_pyr", "mem_int")
CURRENTS = ("AMPA", "NMDA", "GABA", "leak")


class FigureManager(FigureManagerBase):
    """What pyplot calls to show figures."""

    shown = 0

    @classmethod
    def pyplot_show(cls, *, block=None):
        """Save what there is."""
        cls.shown += 1
        folder = os.environ["LIFEXT_BENCH_FOLDER"]
        for manager in Gcf.get_all_fig_managers():
            manager.canvas.figure.savefig(f"{folder}/show{cls.shown}_figure{manager.num}.png")
        np.savez(f"{folder}/show{cls.shown}.npz", **state_of(sys.modules["__main__"].__dict__))


FigureCanvas.manager_class = FigureManager


def state_of(script):
    """Return all the spikes, potentials, recorded currents and the generator's state of a published script."""
    _, words, position, *_ = np.random.get_state()
    state = {"words": words, "position": position}
    if "rAgent" in script:
        agent = script["rAgent"]
        for k, record in enumerate(agent.pull_data()):
            state[f"neurons {k}"], state[f"times {k}"] = record.get_spikes()
        state |= {name: getattr(agent, name).VMs() for name in POPULATIONS if hasattr(agent, name)}
        state["responses"] = getattr(agent, "_resp_kin_record", 0)
    if "pyr" in script:
        state |= {"v": script["membraneV"], "spikes": script["spikeTimes"]}
        state |= {name: getattr(script["pyr"], name).curr_record for name in CURRENTS}
    return state
