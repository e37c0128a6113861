"""Brian2: C++ standalone (``--mode cpp-rk2``, ``cpp-euler``) or runtime (``cython-rk2``).

One state variable for noise, cue and AMPA, which share time constant and reversal potential; one
noise source that draws all arrivals of a neuron at once; weights kept only where they differ.
"""
import all_models as models
import brian2 as b2
import numpy as np
import protocol
import with_brian2
from brian2 import kHz, ms, mV
from with_brian2 import ANYWHERE, CELL, Simulation, group, method, noise, on_spike, with_units

ONE = """
dv/dt = (leak_g*(leak_vL - v) + (g_noise + AMPA_g*s_ampa + NMDA_g*s/(1 + MG*exp(-0.062*v/mV)))*(E_EXC - v)
         + g_gaba*(E_INH - v))/cM : volt (unless refractory)
dg_noise/dt = -g_noise/TAU_AMPA : siemens
dg_gaba/dt = -g_gaba/tau_GABA : siemens
ds_ampa/dt = alpha*x_ampa*(1 - s_ampa) - s_ampa/TAU_AMPA : 1
dx_ampa/dt = -x_ampa/TAU_X_AMPA : 1
ds/dt = alpha*x*(1 - s) - s/tau_NMDA : 1
dx/dt = -x/TAU_X : 1
"""
with_brian2.CONSTANTS["TAU_X_AMPA"] = models.ONE_TAU_X_AMPA * ms


def runtime(make):
    """Compile the kernels of `make` with Cython, once; each turn starts from the stored network."""
    def prepare(given):
        b2.prefs.codegen.target = "cython"
        b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-march=native"]
        if given.scratch:
            b2.prefs.codegen.runtime.cython.cache_dir = str(given.scratch / "cython")
        watch = protocol.Watch()
        simulation = make(given)
        simulation.network.store()
        whole, simulation.phases = simulation.phases, [(given.dt, begin) for _, begin in simulation.phases]
        simulation.run()  # compiles
        simulation.phases = whole
        steps = []

        def clock(elapsed, completed, start, duration):
            if completed == 1:
                steps.append(float(elapsed))

        def turn(seed):
            watch.lap()
            steps.clear()
            simulation.network.restore()
            b2.seed(seed)
            for thing in simulation.network.objects:
                if isinstance(thing, b2.NeuronGroup) and given.workload in ("decision", "coba", "neurons"):
                    thing.v = ANYWHERE
            simulation.run(report=clock)
            return protocol.Turn(watch.lap() - sum(steps), sum(steps), simulation.spikes())
        return turn
    return prepare


def decision(given):
    b2.defaultclock.dt = given.dt * ms
    weights = {(source, target): weight for source, target, _, weight in models.decision_projections()}
    pools = [name for name in models.DECISION_SIZES if name != "inter"]
    # one group for all excitatory cells; each knows what it gets from a cell of each pool
    exc = group(models.N_EXC, models.CHOOSING, CELL + "".join(f"from_{name} : 1 (constant)\n" for name in pools),
                method(given))
    inter = group(models.DECISION_SIZES["inter"], models.DECISION["inter"], CELL, method(given))
    parts, start = {"inter": inter}, 0
    for name in pools:
        parts[name] = exc[start:start + models.DECISION_SIZES[name]]
        start += models.DECISION_SIZES[name]
        for source in pools:
            setattr(parts[name], f"from_{source}", weights[source, name])
    projections = [(parts[name], exc, on_spike(models.CHOOSING, "exc", f"from_{name}_post")) for name in pools]
    projections += [(exc, inter, on_spike(models.DECISION["inter"], "exc", repr(weights["other", "inter"]))),
                    (inter, exc, on_spike(models.CHOOSING, "inh", repr(weights["inter", "other"]))),
                    (inter, inter, on_spike(models.DECISION["inter"], "inh", repr(weights["inter", "inter"])))]
    objects = [exc, inter, noise(exc), noise(inter)]
    for source, target, on_pre in projections:
        objects.append(b2.Synapses(source, target, on_pre=on_pre, delay=models.DECISION_DELAY * ms,
                                   namespace=target.namespace))
        objects[-1].connect()
    for cells in exc, inter:
        cells.v = ANYWHERE
    stimuli = [b2.PoissonInput(parts[name], "g_ampa", N=1, rate=rate * kHz, weight=exc.namespace["noise_g"])
               for name, rate in models.stimulus_rates().items()]

    def begin(on):
        for stimulus in stimuli:
            stimulus.active = on
    phases = [(duration, lambda on=on: begin(on)) for duration, on in models.stimulus_phases(given.ms)]
    return Simulation(given, [*objects, *stimuli],
                      {name: b2.SpikeMonitor(parts[name]) for name in models.DECISION_SIZES}, phases)


def one(given):
    b2.defaultclock.dt = given.dt * ms
    cell = group(1, models.ONE, ONE, method(given))
    cell.v = models.ONE_V0 * mV
    sources, projections = [], []
    for times, on_pre in zip(models.one_arrivals(given.ms), ("x_post += w; x_ampa_post += w",
                                                             "g_gaba_post += GABA_g*w")):
        sources.append(b2.SpikeGeneratorGroup(1, np.zeros(len(times), int), times * ms))
        made = b2.Synapses(sources[-1], cell, on_pre=on_pre, delay=0 * ms,
                           namespace={"w": models.ONE_WEIGHT, **with_units(models.ONE)})
        made.connect()
        projections.append(made)
    return Simulation(given, [cell, noise(cell, "g_noise"), *sources, *projections], {"pyr": b2.SpikeMonitor(cell)})


def prepare(make):
    return lambda given: (with_brian2.standalone if given.mode.startswith("cpp") else runtime)(make)(given)


def notes(given):
    found = with_brian2.notes(given)
    if given.workload == "one":
        found.remove("noise, cue and AMPA share one variable")
    return found


if __name__ == "__main__":
    rings = with_brian2.rings
    made = {"ring": rings, "first": rings, "dual": rings, "decision": decision, "coba": with_brian2.coba,
            "neurons": with_brian2.neurons, "one": one}
    protocol.serve(__doc__, {name: prepare(make) for name, make in made.items()},
                   ("cpp-rk2", "cpp-euler", "cython-rk2"), with_brian2.versions, notes)
