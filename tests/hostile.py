"""Files that are damaged, cut off or made up to do harm, of each kind that this package reads.

`TARGETS` has the kinds: a sound file, what is done with one, how one is spoilt, and with which exceptions it may be
refused. `spoilt` spoils a file by a seed, `use` says what became of it. `test_hostile_files.py` tries a few,
`.ci/trust/fuzz_files.py` as many as one likes, and `.ci/trust/atheris_files.py` has libFuzzer look for new ones.
"""
import ast
import contextlib
import io
import json
import os
import pathlib
import pickle
import random
import sys
import tempfile
import warnings
import zipfile
from typing import NamedTuple

import h5py
import numpy as np

import lifext
from lifext._formats import apart

DT = 0.05
# what no file may bring about; the interpreter tells of each (PEP 578)
FORBIDDEN = ("pickle.find_class", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect")
_heard = []
_listening = False


def _hear(event, arguments):
    if _listening and event in FORBIDDEN and not _reads_apart(event, arguments):
        _heard.append(event)


def _reads_apart(event, arguments):
    """Whether this is the process that reads a file of another program."""
    return event == "subprocess.Popen" and list(arguments[1][:4]) == [sys.executable, "-P", "-c", apart.START]


class Harm(AssertionError):
    """A file brought about what it must not."""


# --- spoiling bytes ---

NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1]


def _slice(rng, data, most=200):
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.randrange(most))


def cut(rng, data):
    return data[:rng.randrange(len(data) + 1)]


def flip(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def number(rng, data):
    size = rng.choice([1, 2, 4, 8])
    place = rng.randrange(len(data) + 1)
    return data[:place] + (rng.choice(NUMBERS) % 2**(8 * size)).to_bytes(size, "little") + data[place + size:]


def noise(rng, data):
    start, stop = _slice(rng, data)
    return data[:start] + rng.randbytes(stop - start) + data[stop:]


def blank(rng, data):
    start, stop = _slice(rng, data, 5000)
    return data[:start] + rng.choice([b"\0", b"\xff"]) * (stop - start) + data[stop:]


def drop(rng, data):
    start, stop = _slice(rng, data)
    return data[:start] + data[stop:]


def insert(rng, data):
    start, _ = _slice(rng, data)
    return data[:start] + rng.randbytes(rng.randrange(100)) + data[start:]


def repeat(rng, data):
    start, stop = _slice(rng, data)
    return data[:stop] + data[start:stop] * rng.choice([1, 2, 50]) + data[stop:]


BYTES = (cut, flip, number, noise, blank, drop, insert, repeat)


def spoil_bytes(rng, data):
    return rng.choice(BYTES)(rng, data)


# --- spoiling values that JSON has ---

def _deep(depth):
    value = 0
    for _ in range(depth):
        value = [value]
    return value


VALUES = [None, True, False, 0, -1, 1, 2**31, 2**63, -2**63, 2**64, 2**200, 0.5, -0.0, 1e308, 1e-320, float("nan"),
          float("inf"), "", "x", "x" * 10_000, "\0", "../../x", "\ud800", [], [[]], {}, [0] * 1000, {"": None},
          {"array": "state"}, {"array": "nowhere"}, {"list": "state"}, {"dict": {}}, {"dict": None}, {"$array": 0},
          {"$array": -1}, {"$scalar": 10**9}, {"$dict": 3}, _deep(100)]


def _places(value):
    """Yield each container within a value, and each key of it."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from _places(value[key])


def spoil_value(rng, value):
    places = list(_places(value)) if isinstance(value, (dict, list)) else []
    if not places or rng.random() < 0.02:
        return rng.choice(VALUES)
    holder, key = rng.choice(places)
    how = rng.randrange(4)
    if how == 0:
        del holder[key]
    elif how == 1:
        other, name = rng.choice(places)
        with contextlib.suppress(LookupError):
            holder[key] = json.loads(json.dumps(other[name]))
    elif how == 2 and isinstance(holder, dict):
        holder[rng.choice(["", "x", "format", "array", "dict", str(key) + " "])] = holder.pop(key)
    else:
        holder[key] = rng.choice(VALUES)
    return value


def spoil_json(rng, text):
    if rng.random() < 0.1:
        return rng.choice([b"", b"null", b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b"1e999", b"NaN", b"9" * 5000,
                           text + b"x", text[:-1], text.replace(b"{", b"[", 1)])
    return json.dumps(spoil_value(rng, json.loads(text))).encode()


# --- spoiling npz files ---

class Bomb:
    """What must never be unpickled."""

    def __reduce__(self):
        return os.mkdir, ("executed",)


TYPES = ["<f8", ">f8", "<f4", "<f2", "<i8", "<i4", "<u8", "|u1", "|b1", "<c16", "|O", "|S8", "|S0", "<U2", "<M8[s]",
         "|V8", "|V1000000000", [("a", "<f8")], [("a", "|O")], ("<f8", (2**28,)), "nonsense", 3, None]
SHAPES = [(), (0,), (1,), (2,), (-1,), (-2**63,), (2**31,), (2**40,), (2**60,), (2**63,), (2**62, 4), (3, 0, 2**62),
          (1, 1), (True,), (1.5,), [3], 3, None, ("a",), (1,) * 40]
HEADERS = ["", "{", "{}", "[1]", "-" * 9000 + "1", "(" * 9000, "{'descr': '<f8'}", "{'descr': Bomb(), 'shape': (1,)}",
           "__import__('os').mkdir('executed')", "x" * 20_000]


def spoil_npy(rng, content):
    """Change what a .npy file says of itself, what is in it, or both."""
    how = rng.randrange(8)
    if how == 0:
        return spoil_bytes(rng, content)
    if how == 1:
        return b"\x93NUMPY\x01\x00" + rng.randbytes(2) + content[10:]
    if how == 2:
        return b"\x93NUMPY" + bytes(rng.choice([(0, 0), (1, 0), (2, 0), (3, 0), (9, 9)])) + content[8:]
    if how == 3:
        out = io.BytesIO()
        np.save(out, np.array([Bomb(), None], dtype=object), allow_pickle=True)
        return out.getvalue()
    if how == 4:
        return pickle.dumps(Bomb())
    size = int.from_bytes(content[8:10], "little")
    try:
        facts = ast.literal_eval(content[10:10 + size].decode("latin1"))
        data = content[10 + size:]
    except (ValueError, SyntaxError):
        return spoil_bytes(rng, content)
    if how == 5:
        return _npy(rng.choice(HEADERS), data)
    for name, others in rng.sample([("descr", TYPES), ("shape", SHAPES), ("fortran_order", [True, 1, "x"])],
                                   rng.choice([1, 1, 2])):
        facts[name] = rng.choice(others)
    if how == 6:
        data = spoil_bytes(rng, data)
    return _npy(repr(facts), data)


def _npy(header, data):
    header = header.encode("latin1") + b"\n"
    return b"\x93NUMPY\x01\x00" + (len(header) % 2**16).to_bytes(2, "little") + header + data


def spoil_directory(rng, data):
    """Change what an archive's directory says of a member."""
    places = [k for k in range(len(data)) if data.startswith(b"PK\x01\x02", k)]
    if not places:
        return spoil_bytes(rng, data)
    place, size = rng.choice(places) + rng.randrange(4, 46), rng.choice([1, 2, 4])
    was = int.from_bytes(data[place:place + size], "little")
    new = rng.choice([*NUMBERS, was + 1, was - 1, was * 2, was // 2]) % 2**(8 * size)
    return data[:place] + new.to_bytes(size, "little") + data[place + size:]


def spoil_npz(rng, data):
    """Change members of an archive, which is made again with checksums that are right."""
    if rng.random() < 0.4:
        return rng.choice([spoil_bytes, spoil_bytes, spoil_directory])(rng, data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
        method = archive.infolist()[0].compress_type
    name = rng.choice(list(members))
    how = rng.randrange(6)
    if how == 0:
        del members[name]
    elif how == 1:
        members[rng.choice(["../../executed.npy", "/executed.npy", "x.npy", "state.npy", name + "\0.npy"])] = (
            members.pop(name))
    elif how == 2:
        members[name] = members[rng.choice(list(members))]
    else:
        members[name] = _spoil_member(rng, name, members[name])
    if rng.random() < 0.1:
        method = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with zipfile.ZipFile(out, "w", method) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
            if rng.random() < 0.03:
                archive.writestr(name, members.get(name, b""))
    return spoil_bytes(rng, out.getvalue()) if rng.random() < 0.1 else out.getvalue()


def _spoil_member(rng, name, content):
    if name in ("state.npy", "about.npy") and rng.random() < 0.8:
        text = np.load(io.BytesIO(content)).tobytes()
        out = io.BytesIO()
        np.save(out, np.frombuffer(spoil_json(rng, text), np.uint8))
        return out.getvalue()
    if name == "trial.json":
        return spoil_json(rng, content)
    if rng.random() < 0.2:
        with contextlib.suppress(ValueError):
            array = np.load(io.BytesIO(content))
            if array.size > 0:
                array = array.copy()
                array.reshape(-1)[rng.randrange(array.size)] = rng.choice(
                    [0, 1] if array.dtype.kind in "bu" else [0, -1, 2**62] if array.dtype.kind == "i"
                    else [0.0, -1.0, 1e308, np.nan, np.inf, -np.inf])
                out = io.BytesIO()
                np.save(out, array)
                return out.getvalue()
    return spoil_npy(rng, content)


# --- spoiling HDF5 files ---

def _text(file, name):
    file[name] = "x"


DATASETS = [
    lambda file, name: file.create_dataset(name, data=np.zeros(3)),
    lambda file, name: file.create_dataset(name, data=np.array([2**64 - 1], dtype=np.uint64)),
    lambda file, name: file.create_dataset(name, data=np.array([np.nan, np.inf, -np.inf])),
    lambda file, name: file.create_dataset(name, data=np.zeros((2, 2), np.float32)),
    lambda file, name: file.create_dataset(name, data=np.array([b"a", b"bc"])),
    lambda file, name: file.create_dataset(name, data=["a", "b"], dtype=h5py.string_dtype()),
    lambda file, name: file.create_dataset(name, data=np.zeros(2, dtype=[("a", "f8"), ("b", "i4")])),
    lambda file, name: file.create_dataset(name, data=np.void(pickle.dumps(Bomb()))),
    lambda file, name: file.create_dataset(name, data=h5py.Empty("f8")),
    lambda file, name: file.create_dataset(name, shape=(2**45,), dtype="f8", chunks=(2**12,)),
    lambda file, name: file.create_dataset(name, shape=(2**28,), dtype="u8", chunks=(2**20,), compression="gzip"),
    lambda file, name: file.create_dataset(name, shape=(5,), dtype=h5py.ref_dtype),
    lambda file, name: file.create_dataset(name, shape=(5,), dtype=h5py.vlen_dtype("f8")),
    lambda file, name: file.create_dataset(name, shape=(5,), dtype=h5py.enum_dtype({"a": 1}, basetype="u1")),
    lambda file, name: file.create_dataset(name, shape=(2**20,), dtype="f8", external=[("/etc/passwd", 0, 2**23)]),
    lambda file, name: file.create_virtual_dataset(name, _virtual()),
    lambda file, name: file.create_group(name),
    lambda file, name: file.create_group(f"{name}/node_ids/timestamps"),
    lambda file, name: file.__setitem__(name, h5py.SoftLink(f"/{name}")),
    lambda file, name: file.__setitem__(name, h5py.SoftLink("/")),
    lambda file, name: file.__setitem__(name, h5py.ExternalLink("/etc/passwd", "/")),
    lambda file, name: file.__setitem__(name, h5py.ExternalLink(".", "/")),
    lambda file, name: file.__setitem__(name, np.dtype("f8")),
    *(lambda file, name, value=value: file.__setitem__(name, value) for value in (
        np.bytes_("{}"), "[", np.bytes_("[" * 100_000), np.bytes_("null"), 3, 2.5,
        np.bytes_('{"start": 0, "size": 1e9}'))),
]


def _virtual():
    layout = h5py.VirtualLayout((5,), "f8")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "ids", (5,))
    return layout


def spoil_hdf5(rng, data):
    """Replace objects and attributes of a file by others."""
    if rng.random() < 0.4:
        return spoil_bytes(rng, data)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "file")
        path.write_bytes(data)
        with h5py.File(path, "r+") as file:
            names = []
            file.visit(names.append)
            for _ in range(rng.choice([1, 1, 2])):
                # attributes and links may be such that h5py refuses them, too
                with contextlib.suppress(Exception):
                    _spoil_object(rng, file, rng.choice(names))
        return path.read_bytes()


def _spoil_object(rng, file, name):
    attributes = list(file[name].attrs)
    if attributes and rng.random() < 0.4:
        which = rng.choice(attributes)
        if rng.random() < 0.3:
            del file[name].attrs[which]
        else:
            file[name].attrs[which] = rng.choice([0, -1, 2.5, np.nan, "s", "", b"ms", [1, 2], ["a"], h5py.Empty("f8")])
    elif rng.random() < 0.2:
        del file[name]
    elif rng.random() < 0.3 and isinstance(file[name], h5py.Dataset) and file[name].ndim == 1:
        about = np.bytes_(json.dumps(spoil_value(rng, {"start": 0})))
        values = rng.choice([np.zeros(1), np.arange(5.0), np.array([-1, 2**62]), about])
        attrs = dict(file[name].attrs)
        del file[name]
        file[name] = values
        file[name].attrs.update(attrs)
    elif rng.random() < 0.4 and name.startswith("lifext/"):
        attrs, text = dict(file[name].attrs), file[name].asstr()[()]
        del file[name]
        file[name] = np.bytes_(spoil_json(rng, text.encode()))
        file[name].attrs.update(attrs)
    else:
        del file[name]
        rng.choice(DATASETS)(file, name)


# --- spoiling text ---

WORDS = [b"nan", b"inf", b"-1", b"1e400", b"9" * 400, b"0x10", b"", b" ", b"\xff", b"\0", b"a", b"#", b"1,2", b"'",
         b"1j", b"\r", b"18446744073709551616"]


def spoil_csv(rng, data):
    if rng.random() < 0.4:
        return spoil_bytes(rng, data)
    lines = [line.split(b",") for line in data.split(b"\n")]
    for _ in range(rng.choice([1, 1, 3])):
        line = rng.choice(lines)
        line[rng.randrange(len(line))] = rng.choice(WORDS)
        if rng.random() < 0.2:
            line.append(b"7")
    return b"\n".join(b",".join(line) for line in lines)


# --- what is read, and how ---

def network(compat):
    rng = {"rng": 3} if compat else {}
    cells = lifext.pyrRingPop(30, NMDA_g=0.1, noise_g=np.linspace(0.01, 0.02, 30), **rng)
    others = lifext.interPop(10, noise_g=0.008, **rng)
    net = lifext.Network(DT, compat=True) if compat else lifext.Network(DT, seed=5)
    net.add(cells=cells, others=others)
    net.connect(cells, others, lifext.Uniform(0.01), "exc", delay=0.25)
    net.connect(others, cells, lifext.Uniform(0.0005), "inh")
    net.record_spikes(cells)
    net.record_state(cells, ["v", "i_nmda"], every=0.5, neurons=[3, -1])
    return net


def _state_file(compat):
    def make(path):
        net = network(compat)
        net.run(10.0)
        net.save_state(path)
    return make


def _load_state(compat):
    def use(path):
        from test_state import everything

        net = network(compat)
        before = everything(net)
        try:
            net.load_state(path)
        except ValueError:
            if everything(net) != before:
                raise Harm("a network to which a file was not loaded has changed") from None
            raise
        with np.errstate(all="ignore"):
            net.run(1.0)
    return use


def _record():
    net = network(False)
    net.run(40.0)
    return net._spike_records[0]


def _look(record):
    with np.errstate(all="ignore"):
        record.rate(0, 10)
        len(record.times) + len(record.ids) + len(record.between(1, 2)[0])


def _recorder(count):
    rng = np.random.default_rng(1)
    record = lifext.spikeDC(20)
    for k in range(count):
        record.collect(rng.random(20) < 0.3, k * DT)
    return record


def _save_trials(encoding, count=20):
    def make(path):
        for trial in (1, 2):
            _recorder(count).save(path, trial=trial, encoding=encoding)
    return make


def _growing(path):
    from lifext import _npz

    # small members with room, as those of large files
    compact, _npz.COMPACT = _npz.COMPACT, 10
    try:
        _save_trials("binary")(path)
    finally:
        _npz.COMPACT = compact


def _load_trial(encoding):
    def use(path):
        record = lifext.spikeDC(20)
        record.load(path, 1, encoding=encoding)
        record.get_spike_counts(0, 10)
        record.get_max_time() if len(record.trials) else None
    return use


def _append_trial(encoding):
    def use(path):
        before = path.read_bytes()
        record = _recorder(5)
        try:
            record.save(path, trial=3, encoding=encoding)
        except ValueError:
            if path.read_bytes() != before:
                raise Harm("a file that was not saved to has changed") from None
            raise
    return use


def _trial(rng, g):
    return {"x": rng.random(3), "y": complex(np.sum(g), 1), "z": [1, None, "a", {"$b": 2.5}], "n": 2**70}


def _store(path):
    lifext.sweep(_trial, {"g": [0.5, np.arange(3.0)]}, trials=2, seed=1, store=path)


def _in_store(name):
    """Return what makes one file of a store, and what reads the store with another in its place."""
    def make(path):
        with tempfile.TemporaryDirectory() as folder:
            _store(folder)
            path.write_bytes(pathlib.Path(folder, name).read_bytes())

    def use(path):
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore", lifext.TrialWarning)
            _store(folder)
            pathlib.Path(folder, name).write_bytes(path.read_bytes())
            lifext.load_trials(folder)
            lifext.sweep(_trial, {"g": [0.5, np.arange(3.0)]}, trials=2, seed=1, store=folder)
    return make, use


def _stream_to(path):
    net = network(False)
    net.record_spikes(net._populations[1], to=path)
    net.run(2.0)


class Target(NamedTuple):
    """A kind of file: what makes a sound one, what uses one, what spoils one, and how one may be refused."""

    make: object
    use: object
    spoil: object
    refusals: tuple = (ValueError,)


TARGETS = {
    "state, compat": Target(_state_file(True), _load_state(True), spoil_npz),
    "state, fast": Target(_state_file(False), _load_state(False), spoil_npz),
    "record": Target(lambda path: _record().save(path), lambda path: _look(lifext.SpikeRecord.load(path)), spoil_npz),
    "SONATA": Target(lambda path: _record().to_sonata(path),
                     lambda path: _look(lifext.SpikeRecord.from_sonata(path)), spoil_hdf5),
    "SONATA, recorded to": Target(lambda path: _record().to_sonata(path), _stream_to, spoil_hdf5,
                                  (ValueError, OSError)),
    "NWB": Target(lambda path: _record().to_nwb(path),
                  lambda path: _look(lifext.SpikeRecord.from_nwb(path)), spoil_hdf5),
    "spikeDC npz": Target(_save_trials("binary"), _load_trial("binary"), spoil_npz),
    "spikeDC npz, saved to": Target(_save_trials("binary"), _append_trial("binary"), spoil_npz),
    "spikeDC npz with room": Target(_growing, _load_trial("binary"), spoil_npz),
    "spikeDC npz with room, saved to": Target(_growing, _append_trial("binary"), spoil_npz),
    "spikeDC csv": Target(_save_trials("ascii"), _load_trial("ascii"), spoil_csv),
    "spikeDC csv, saved to": Target(_save_trials("ascii"), _append_trial("ascii"), spoil_csv),
    "sweep.json": Target(*_in_store("sweep.json"), spoil_json),
    "trial": Target(*_in_store("0-1.npz"), spoil_npz),
}
SUFFIXES = {"NWB": ".nwb", "SONATA": ".h5", "SONATA, recorded to": ".h5"}


def sound_file(name):
    """Return the bytes of a sound file of a kind."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, f"file{SUFFIXES.get(name, '.npz')}")
        np.random.seed(1)
        TARGETS[name].make(path)
        return path.read_bytes()


def spoilt(name, data, seed):
    """Return a file that was spoilt by a seed."""
    rng = random.Random(f"{name} {seed}")
    return TARGETS[name].spoil(rng, data)


def use(name, data, folder):
    """Use a file, and say what became of it: "read", or "refused"; raise whatever else came of it."""
    global _listening
    path = pathlib.Path(folder, f"file{SUFFIXES.get(name, '.npz')}")
    path.write_bytes(data)
    before = set(os.listdir(folder))
    _heard.clear()
    _listening = True
    try:
        TARGETS[name].use(path)
        outcome = "read"
    except TARGETS[name].refusals as error:
        if len(str(error)) < 10:
            raise Harm(f"refused in no words: {error!r}") from error
        outcome = "refused"
    finally:
        _listening = False
    if _heard:
        raise Harm(f"a file brought about {sorted(set(_heard))}")
    more = set(os.listdir(folder)) - before
    if more or os.path.exists("executed"):
        raise Harm(f"a file made others: {more}")
    return outcome


def peak():
    """Return the most memory that this process has had, bytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def listen():
    """Have the interpreter tell of what no file may bring about; for good."""
    sys.addaudithook(_hear)


