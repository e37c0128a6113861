"""Brian2: C++ standalone.

One state variable for noise, cue and AMPA, which share time constant and reversal potential; one
noise source that draws all arrivals of a neuron at once; weights kept only where they differ.
"""
import os
import pathlib
import tempfile

import brian2 as b2
import models
import numpy as np
import protocol
from brian2 import Hz, kHz, ms, mV, nF, nS, uS  # noqa: F401

CELL = """
dv/dt = (leak_g*(leak_vL - v) + (g_ampa + NMDA_g*s/(1 + MG*exp(-0.062*v/mV)))*(E_EXC - v)
         + g_gaba*(E_INH - v))/cM : volt (unless refractory)
dg_ampa/dt = -g_ampa/TAU_AMPA : siemens
dg_gaba/dt = -g_gaba/tau_GABA : siemens
ds/dt = alpha*x*(1 - s) - s/tau_NMDA : 1
dx/dt = -x/TAU_X : 1
"""
CUED = """
cue_rate : Hz
"""
COBA = """
dv/dt = (leak_g*(leak_vL - v) + g_exc*(E_exc - v) + g_inh*(E_inh - v))/cM : volt (unless refractory)
dg_exc/dt = -g_exc/tau_exc : siemens
dg_inh/dt = -g_inh/tau_inh : siemens
"""
CONSTANTS = {"E_EXC": models.E_EXC * mV, "E_INH": models.E_INH * mV, "TAU_AMPA": models.TAU_AMPA * ms,
             "TAU_X": models.TAU_X * ms, "MG": models.MG}
UNITS = {"cM": nF, "refDur": ms, "noise_rate": kHz, "tau_GABA": ms, "tau_NMDA": ms, "alpha": 1 / ms,
         "tau_exc": ms, "tau_inh": ms, "vTh": mV, "vReset": mV,
         "leak_vL": mV, "E_exc": mV, "E_inh": mV}  # what else there is is a conductance


ANYWHERE = "vReset + rand()*(vTh - vReset)"  # where potentials start in coba and neurons


def with_units(cell):
    return {name: value * UNITS.get(name, uS) for name, value in cell.items()}


def group(n, cell, equations, method):
    """Return neurons at their reset potential."""
    cell = with_units(cell)
    neurons = b2.NeuronGroup(n, equations, threshold="v >= vTh", reset="v = vReset", refractory=cell["refDur"],
                             method=method, namespace={**CONSTANTS, **cell})
    neurons.v = cell["vReset"]
    return neurons


def noise(neurons, variable="g_ampa"):
    """Return Poisson input: many slow sources of 1.8 Hz are one draw."""
    cell = neurons.namespace
    return b2.PoissonInput(neurons, variable, N=1000, rate=cell["noise_rate"] / 1000, weight=cell["noise_g"])


class Simulation:
    """A network, the phases in which it is run, and a spike monitor for each population."""

    def __init__(self, given, objects, monitors, phases=None):
        self.given, self.monitors = given, monitors
        self.network = b2.Network(objects, list(monitors.values()))
        self.phases = phases or [(given.ms, lambda: None)]

    def run(self, report=None):
        for duration, begin in self.phases:
            begin()
            self.network.run(duration * ms, report=report, report_period=1000 * b2.second)

    def spikes(self):
        return {name: (np.array(monitor.t / ms), np.array(monitor.i), monitor.source.N)
                for name, monitor in self.monitors.items()}


def standalone(make):
    """Have `make` compiled into a program, once, which each turn runs."""
    def prepare(given):
        directory = given.scratch or pathlib.Path(tempfile.mkdtemp())
        b2.set_device("cpp_standalone", build_on_run=False, directory=str(directory / "program"))
        b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-march=native", "-std=c++11"]
        b2.prefs.devices.cpp_standalone.extra_make_args_unix = [f"-j{os.cpu_count()}"]
        if given.threads > 1:
            b2.prefs.devices.cpp_standalone.openmp_threads = given.threads
        b2.prefs.codegen.cpp.headers += ["<chrono>"]
        device = b2.get_device()
        clock = "std::chrono::steady_clock::now()"
        device.insert_code("before_start", f"const auto started = {clock};")
        simulation = make(given)
        device.insert_code("main", f"const auto built = {clock};")
        simulation.run()
        device.insert_code("main", TELL.format(clock=clock))
        device.build(run=False, directory=str(directory / "program"))

        def turn(seed):
            # seeded by the system: a compiled-in seed would give the same run in all turns
            device.run()
            told = (directory / "program" / "told.txt").read_text().splitlines()
            build_s, run_s = map(float, told[0].split())
            peak = next(int(line.split()[1]) for line in told[1:] if line.startswith("VmHWM:"))
            return protocol.Turn(build_s, run_s, simulation.spikes(), peak * 1024 / 1e6)
        return turn
    return prepare


# what the compiled program says of itself: seconds until the first step and of all steps, then its memory
TELL = """
{{
    const std::chrono::duration<double> building = built - started, running = {clock} - built;
    std::ofstream told("told.txt");
    told << building.count() << " " << running.count() << std::endl << std::ifstream("/proc/self/status").rdbuf();
}}
"""


def method(given):
    return given.mode.split("-")[1]


def rings(given):
    b2.defaultclock.dt = given.dt * ms
    workload = given.workload
    cells, cued = models.CELLS[workload], models.CUED[workload]
    groups = {name: group(models.size_of(name), cell, CELL + (CUED if name == cued else ""), method(given))
              for name, cell in cells.items()}
    objects = [*groups.values(), *map(noise, groups.values())]
    for source, target, kind, shape, total in models.PROJECTIONS[workload]:
        objects.append(synapses(groups[source], groups[target], cells[target], kind, shape, total))
    cue = groups[cued].run_regularly("g_ampa += CUE_G*poisson(cue_rate*dt)", when="synapses")
    groups[cued].namespace["CUE_G"] = models.CUE_G * uS

    def begin(direction):
        cue.active = direction is not None
        if cue.active:
            groups[cued].cue_rate = models.cue_rates(direction) * kHz
    phases = [(duration, lambda direction=direction: begin(direction))
              for duration, direction in models.phases(workload, given.ms)]
    return Simulation(given, objects, {name: b2.SpikeMonitor(neurons) for name, neurons in groups.items()}, phases)


def on_spike(cell, kind, weight):
    """Return what a spike does at its target, the weight an expression."""
    if kind == "inh":
        return f"g_gaba_post += GABA_g*{weight}"
    code = f"x_post += {weight}"
    if cell["AMPA_g"]:
        code += f"\ng_ampa_post += AMPA_g*{weight}"
    return code


def synapses(source, target, cell, kind, shape, total):
    """Return the all-to-all projection between two groups; all weights alike are one number."""
    weight = "w" if shape == "ring" else repr(total / len(source))
    made = b2.Synapses(source, target, "w : 1" if shape == "ring" else "", on_pre=on_spike(cell, kind, weight),
                       delay=0 * ms, namespace=with_units(cell))
    made.connect()
    if shape == "ring":
        made.w = models.ring_weights(len(source), total).ravel()
    return made


def coba(given):
    b2.defaultclock.dt = given.dt * ms
    # without the NMDA channel the equations are linear in each variable
    scheme = {"rk2": "rk2", "euler": "exponential_euler"}[method(given)]
    neurons = group(given.n, models.COBA, COBA, scheme)
    neurons.v = ANYWHERE
    parts = dict(zip(("exc", "inh"), np.split(np.arange(given.n), [models.coba_sizes(given.n)[0]])))
    parts = {name: neurons[ids[0]:ids[-1] + 1] for name, ids in parts.items()}
    projections = []
    for name, part in parts.items():
        made = b2.Synapses(part, neurons, on_pre=f"g_{name}_post += {name}_g", delay=0 * ms,
                           namespace=with_units(models.COBA))
        made.connect(p=models.COBA_INPUTS / given.n)
        projections.append(made)
    return Simulation(given, [neurons, *projections], {name: b2.SpikeMonitor(part) for name, part in parts.items()})


def neurons(given):
    b2.defaultclock.dt = given.dt * ms
    cells = group(given.n, models.PYRAMIDAL, CELL, method(given))
    cells.v = ANYWHERE
    return Simulation(given, [cells, noise(cells)], {"pyr": b2.SpikeMonitor(cells)})


def versions():
    return {"numpy": np.__version__, "brian2": b2.__version__}


def notes(given):
    found = ["spikes arrive at the end of a step"]
    if given.workload != "coba":
        found.append("noise, cue and AMPA share one variable")
    if given.mode.startswith("cpp"):
        found.append("seeded by the system")
    return found


if __name__ == "__main__":
    made = {"ring": rings, "dual": rings, "coba": coba, "neurons": neurons}
    protocol.serve(__doc__, {name: standalone(make) for name, make in made.items()}, ("cpp-rk2",), versions, notes)
