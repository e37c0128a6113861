"""Attributes that would do nothing where they are set: refused with the right place, or warned of in a user's class."""
import contextlib
import copy
import gc
import pickle
import warnings

import numpy as np
import pytest

import lifext
from lifext import ParameterWarning

CLASSES = {"p": lifext.pyrPop, "ring": lifext.pyrRingPop, "inter": lifext.interPop, "base": lifext.baseLIFPop}


def of(name):
    """Return a population, and itself or a part of it by its way from there."""
    ring, _, way = name.partition(".")
    whole = found = CLASSES[ring](3)
    for part in filter(None, way.split(".")):
        found = getattr(found, part)
    return whole, found


MISPLACED = [
    *[("p", name, r"pyrPop: {} .*set " + place) for name, place in (
        ("AMPA_g", "AMPA.g"), ("NMDA_g", "NMDA.g"), ("GABA_g", "GABA.g"), ("noise_rate", "noise.rate"),
        ("noise_g", "noise.g"), ("leak_g", "leak.g"), ("leak_vL", "leak.vL"), ("record_i", "AMPA.record"),
        ("Vth", "vTh"), ("vth", "vTh"), ("VTH", "vTh"), ("vreset", "vReset"), ("CM", "cM"), ("cm", "cM"),
        ("refdur", "refDur"), ("ampa", "AMPA"), ("Noise", "noise"), ("Leak", "leak"), ("ampa_G", "AMPA.g"),
        ("Size", "size"), ("RNG", "rng"), ("vL", "leak.vL"), ("mg", "NMDA.mg"), ("rate", "noise.rate"),
        ("tau_x", "NMDA.kinetic.tau_x"), ("tau_s", "AMPA.kinetic.tau_s or NMDA.kinetic.tau_s or GABA.kinetic.tau_s"),
        ("vI", "GABA.vI"), ("kinetic", "AMPA.kinetic"))],
    ("p", "cue_sal", r"pyrPop: {} .*call stim\(cue_sal=...\)"),
    ("ring", "positions", "pyrRingPop: {} .*set afferents.positions"),
    ("ring", "cue_spec", "pyrRingPop: {} .*set afferents.cue_spec"),
    ("inter", "GABA_g", "interPop: {} .*set GABA.g"),
    ("base", "AMPA_g", "baseLIFPop: {} .*set AMPA.g"),
    ("p", "VMs", r"pyrPop: {} .*VMs\(\) is a method"), ("p", "spikes", r"{} .*spikes\(\) is a method"),
    ("p", "stim", r"stim\(\) is a method"), ("p.AMPA", "project", r"project\(\) is a method"),
    ("p.AMPA", "tau_s", "pyrPop: AMPA.{} .*set AMPA.kinetic.tau_s"), ("p.AMPA", "alpha_s", "set AMPA.kinetic.alpha_s"),
    ("p.AMPA", "alpha", "set AMPA.kinetic.alpha_s"), ("p.AMPA", "tau", "set AMPA.kinetic.tau_s"),
    ("p.AMPA", "G", "set AMPA.g"), ("p.AMPA", "record_i", "set AMPA.record"), ("p.AMPA", "Record", "set AMPA.record"),
    ("p.AMPA", "order", "give order to a new AMPAR"), ("p.AMPA", "vI", "set AMPA.vE"), ("p.GABA", "vE", "set GABA.vI"),
    ("p.AMPA", "mg", "here there are vE, kinetic, g"), ("p.NMDA", "Mg", "set NMDA.mg"),
    ("p.AMPA", "AMPA_g", "here there are"), ("p.NMDA", "tau_X", "set NMDA.kinetic.tau_x"),
    ("p.noise", "Rate", "pyrPop: noise.{} .*set noise.rate"), ("p.noise", "tau_s", "set noise.tau"),
    ("p.noise", "noise_rate", "here there are"), ("p.leak", "vE", "set leak.vL"),
    ("p.leak", "rand_sd", "give rand_sd to a new leak"), ("p.leak", "leak_g", "here there are"),
    ("p.afferents", "cue_Sal", r"call afferents.stim\(cue_sal=...\)"),
    ("p.afferents", "cue_sal", r"call afferents.stim\(cue_sal=...\)"),
    ("ring.afferents", "cue_Sal", "set afferents.cue_sal"), ("ring.afferents", "Positions", "set afferents.positions"),
    ("p.AMPA.kinetic", "tau", "pyrPop: AMPA.kinetic.{} .*set AMPA.kinetic.tau_s"),
    ("p.AMPA.kinetic", "tau_x", "here there are alpha_s, tau_s"), ("p.NMDA.kinetic", "Alpha_X", "kinetic.alpha_x"),
    ("p.NMDA.kinetic", "track_id", "set NMDA.kinetic.track_ID"), ("p.NMDA.kinetic", "g", "here there are"),
]


@pytest.mark.parametrize(("owner", "name", "words"), MISPLACED)
@pytest.mark.parametrize("value", [1.0, None, np.ones(3)], ids=["number", "None", "array"])
def test_what_would_do_nothing_is_refused_with_the_right_place(owner, name, words, value):
    whole, thing = of(owner)
    before = pickle.dumps(thing)
    with pytest.raises(AttributeError, match=words.format(name)):
        setattr(thing, name, value)
    assert pickle.dumps(thing) == before
    # a second time, and in a copy
    for again in (thing, copy.deepcopy(thing), pickle.loads(before)):
        with pytest.raises(AttributeError, match=name):
            setattr(again, name, value)
    assert owner == "base" or whole._why_composed() is None


@pytest.mark.parametrize(("make", "name", "words"), [
    (lambda: lifext.AMPAR(3), "tau_s", "AMPAR: tau_s .*set kinetic.tau_s"),
    (lambda: lifext.NMDAR(3), "G", "NMDAR: G .*set g"), (lambda: lifext.leak(3), "G", "leak: G .*set g"),
    (lambda: lifext.noiseGaussian(3, 0, 1), "mean", "noiseGaussian: mean .*set aff_m"),
    (lambda: lifext.noiseGaussian(3, 0, 1), "SD", "set aff_sd"),
    (lambda: lifext.affFlatPoisson(3), "Rate", "affFlatPoisson: Rate .*set rate"),
    (lambda: lifext.affRingPoisson(3, [0, 1, 2]), "max_rate", r"call stim\(direction, max_rate=...\)"),
    (lambda: lifext.affRingPoisson(3, [0, 1, 2]), "positions", "give positions to a new affRingPoisson"),
    (lambda: lifext.firstOrdKin(3, 1, 2), "tau", "firstOrdKin: tau .*set tau_s"),
    (lambda: lifext.kineticBase(3), "tau_s", "kineticBase: tau_s .*here there are size, track"),
])
def test_parts_on_their_own(make, name, words):
    with pytest.raises(AttributeError, match=words):
        setattr(make(), name, 1.0)


@pytest.mark.parametrize("name", ["label", "note", "colour", "my_g", "weights", "rates", "name", "V", "g_rest", "depth",
                                  "_private", "Weights"])
def test_all_other_names_are_free(name):
    for owner in ("p", "p.AMPA", "p.noise", "p.AMPA.kinetic"):
        _, thing = of(owner)
        setattr(thing, name, 5)
        setattr(thing, name, 6)
        assert getattr(thing, name) == 6
        delattr(thing, name)
    for cls in (lifext.pyrPop, lifext.leak):
        setattr(cls, name, 5)
        delattr(cls, name)
        assert not hasattr(cls, name)


def test_what_means_something_can_be_set():
    ring = lifext.pyrRingPop(3)
    ring.numSpikes, ring.directions = 2, np.zeros(3)
    ring.VMs = lambda: np.zeros(3)
    ring.afferents.cue_sal, ring.afferents.cue_spec = 0.4, 2.0
    ring.AMPA.curr_record, ring.NMDA.kinetic.tracked_s = [], []
    assert ring.VMs().sum() == 0
    leak = lifext.leak(3, rand_sd=0.001)
    leak.rand_sd = 0.0
    leak.reset()
    assert np.ptp(leak.g) == 0
    # on a ring the strength counts at the next stim
    ring.stim(0.0)
    assert ring.afferents._onCurrent[0] == -0.4
    flat = lifext.affFlat(3)
    flat.stim(cue_sal=0.3)
    assert flat.cue_sal == 0.3


def test_a_parameter_is_not_deleted():
    pop = lifext.pyrPop(3)
    with pytest.raises(AttributeError, match="pyrPop: vTh is always there"):
        del pop.vTh
    with pytest.raises(AttributeError):
        del pop.AMPA_g
    assert pop.vTh == -52


# classes

@pytest.mark.parametrize(("cls", "name", "words"), [
    (lifext.pyrPop, "AMPA_g", "pyrPop: AMPA_g .*set AMPA.g"), (lifext.pyrPop, "Vth", "pyrPop: Vth .*set vTh"),
    (lifext.pyrPop, "vTh", "pyrPop: vTh .*give vTh to a new pyrPop"), (lifext.AMPAR, "G", "AMPAR: G .*set g"),
    (lifext.leak, "g", "leak: g .*give g to a new leak"), (lifext.pyrPop, "stim", r"stim\(\) is a method"),
    (lifext.noisePoisson, "record_i", "set record"), (lifext.firstOrdKinExp, "tau", "set tau_s"),
])
def test_a_class_refuses_too(cls, name, words):
    before = dict(vars(cls))
    with pytest.raises(AttributeError, match=words):
        setattr(cls, name, 1.0)
    assert dict(vars(cls)) == before


def test_a_class_can_be_patched_and_put_back(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(lifext.pyrPop, "dVmdt", lambda self, dt, vM: np.zeros(self.size))
        assert "has its own dVmdt" in lifext.pyrPop(2)._why_composed()
    assert lifext.pyrPop(2)._why_composed() is None


def test_what_is_taken_from_a_class_puts_records_out_of_date():
    class Mine(lifext.pyrPop):
        def dVmdt(self, dt, vM):
            return np.zeros(self.size)

    pop = Mine(2)
    assert "has its own dVmdt" in pop._why_composed()
    del Mine.dVmdt
    assert pop._why_composed() is None


# classes of the user's

@contextlib.contextmanager
def one_warning(words):
    with pytest.warns(ParameterWarning, match=words) as caught:
        yield
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_in_a_users_class_it_is_a_warning_once_for_a_name():
    class Mine(lifext.pyrPop):
        pass

    pop = Mine(3)
    with one_warning("Mine: AMPA_g does nothing where it is set; set AMPA.g"):
        pop.AMPA_g = 5
    assert pop.AMPA_g == 5 and pop.AMPA.g == 0.7
    pop.AMPA_g = 6
    Mine(3).AMPA_g = 7
    with one_warning("Mine: Vth .*set vTh"):
        pop.Vth = -50
    with one_warning(r"Mine: VMs .*VMs\(\) is a method"):
        pop.VMs = 3

    class Other(Mine):
        pass
    with one_warning("Other: AMPA_g"):
        Other(3).AMPA_g = 5
    # its parts are this package's
    with pytest.raises(AttributeError, match="Mine: AMPA.G .*set AMPA.g"):
        pop.AMPA.G = 1


def test_the_filter_makes_errors_of_them_each_time():
    class Mine(lifext.leak):
        pass

    leak = Mine(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error", lifext.LifextWarning)
        for _ in range(2):
            with pytest.raises(ParameterWarning, match="Mine: G .*set g"):
                leak.G = 1
    assert not hasattr(leak, "G")


def test_what_a_users_class_defines_is_its_own():
    class Mine(lifext.pyrPop):
        AMPA_g = 3
        __slots__ = ("record_i",)

        def __init__(self, size):
            self.noise_g = 0.004
            self.rate = 2.0
            super().__init__(size, noise_g=self.noise_g)

        @property
        def leak_g(self):
            return self.leak.g

        @leak_g.setter
        def leak_g(self, value):
            self.leak.g = value

        def stim(self, **kwargs):
            self.stimulated = True

    pop = Mine(3)
    pop.AMPA_g, pop.noise_g, pop.rate, pop.record_i, pop.leak_g, pop.stim = 4, 0.005, 3.0, True, 0.03, 5
    assert pop.leak.g == 0.03
    Mine.AMPA_g = 5
    copy.deepcopy(pop).AMPA_g = 6


def test_names_that_only_other_classes_have_are_free_in_a_users_class():
    class Kinetic(lifext.kineticBase):
        def __init__(self, size):
            super().__init__(size)
            self.tau, self.g, self.rate = 5.0, 1.0, 2.0

    class Current(lifext.currentBase):
        def __init__(self, size):
            super().__init__(size)
            self.tau, self.g, self.mean, self.order = 5.0, 1.0, 2.0, 3

    class Cells(lifext.pyrPop):
        def __init__(self, size):
            super().__init__(size)
            self.rate, self.positions, self.tau_s = 5.0, None, 3.0

    class Receptor(lifext.AMPAR):
        pass

    assert (Kinetic(2).tau, Current(2).order, Cells(2).rate) == (5.0, 3, 5.0)
    with one_warning("Receptor: tau_s .*set kinetic.tau_s"):
        Receptor(2).tau_s = 3


def test_a_default_in_the_body_of_a_class_is_without_effect():
    with one_warning("Mine: vTh does nothing where it is set; .*give vTh to a new Mine"):
        class Mine(lifext.pyrPop):
            vTh = -40
    assert Mine(2).vTh == -52
    with one_warning("Later: g "):
        class Later(lifext.leak):
            pass
        Later.g = 0.5


def test_classes_are_forgotten_with_what_was_said_of_them():
    import weakref

    def use():
        class Mine(lifext.pyrPop):
            pass
        with pytest.warns(ParameterWarning):
            Mine(2).AMPA_g = 1
        return weakref.ref(Mine)
    known = use()
    gc.collect()
    assert known() is None


# published scripts

def test_while_installed_it_is_a_warning():
    for _ in range(2):
        with lifext.install():
            pop = lifext.pyrPop(3)
            with one_warning("pyrPop: AMPA_g does nothing where it is set; set AMPA.g"):
                pop.AMPA_g = 5
            pop.AMPA_g = 6
            with one_warning("leak: G "):
                lifext.leak(2).G = 2
            assert pop.AMPA_g == 6
        with pytest.raises(AttributeError):
            pop.noise_rate = 5


# networks and records

def wired(**keywords):
    pop, net = lifext.pyrPop(3), lifext.Network(0.05, **keywords)
    net.add(cells=pop)
    return net


@pytest.mark.parametrize(("name", "words"), [
    ("threads", "Network: threads .*give threads to a new Network"), ("dt", "give dt to a new Network"),
    ("seed", r"call reset\(seed\) or reseed\(seed\)"), ("compat", "give compat to a new Network"),
    ("dtype", "give dtype"), ("time", r"call run\(duration\) or reset\(\)"), ("Threads", "give threads"),
    ("DT", "give dt"), ("Seed", "reseed"), ("Time", "run"), ("run", r"run\(\) is a method"), ("DType", "give dtype"),
])
def test_networks(name, words):
    net = wired(seed=1, threads=2)
    with pytest.raises(AttributeError, match=words):
        setattr(net, name, 4)
    assert (net.threads, net.compat, net.dt, net.seed, net.time) == (2, False, 0.05, 1, 0.0)
    net.label = "mine"
    assert wired(compat=True).compat and wired().threads is None


@pytest.mark.parametrize(("name", "words"), [
    ("times", "times can only be read"), ("Times", "times can only be read"), ("ids", "ids can only be read"),
    ("Start", "set start"), ("to", "Network.record_spikes"), ("closed", r"call close\(\)"),
    ("rate", r"rate\(\) is a method"), ("provenance", "can only be read"), ("Size", "set size"),
])
def test_records_of_spikes(name, words):
    net = wired(seed=1)
    record = net.record_spikes(net._populations[0])
    with pytest.raises(AttributeError, match="SpikeRecord: .*" + words):
        setattr(record, name, 1)
    record.label = "mine"


@pytest.mark.parametrize(("name", "words"), [
    ("variables", "give variables to Network.record_state"), ("every", "give every"), ("times", "can only be read"),
    ("Neurons", "set neurons"), ("clear", "is a method"),
])
def test_records_of_state(name, words):
    net = wired(seed=1)
    record = net.record_state(net._populations[0], "v")
    with pytest.raises(AttributeError, match="StateRecord: .*" + words):
        setattr(record, name, 1)


def test_a_users_network_warns():
    class Mine(lifext.Network):
        pass

    net = Mine(0.05, seed=1)
    with one_warning("Mine: Time "):
        net.Time = 3
    with pytest.raises(AttributeError), pytest.warns(ParameterWarning, match="give threads"):
        net.threads = 3
