"""The command line: exit codes, errors in one line, what each command says; tables of `lifext bench`."""
import importlib.util
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import lifext
from lifext import _installation, bench, cli, demo
from lifext._core import kernels
from lifext._core.fast import loop as fast_loop
from lifext._core.shared import loops

COMMANDS = ("demo", "run", "info", "bench")


def command(*arguments, **keywords):
    """Run the command line in a process of its own."""
    return subprocess.run([sys.executable, "-m", "lifext", *arguments], capture_output=True, text=True, **keywords)


# help, errors and exit codes

@pytest.mark.parametrize("words", [(), *((name,) for name in COMMANDS)])
def test_help_says_what_how_and_with_which_status(words, capsys):
    assert cli.main([*words, "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith("usage: lifext")
    for fact in ("--debug", "xit status"):
        assert fact in said
    # what it does, before how: more than the line in the list of commands
    assert len(said.partition("options:")[0]) > 150


def test_help_lists_the_commands(capsys):
    cli.main(["--help"])
    listed = re.findall(r"^    (\w+) ", capsys.readouterr().out, flags=re.MULTILINE)
    assert listed == list(COMMANDS)


@pytest.mark.parametrize(("arguments", "code", "said"), [
    (["--version"], 0, ""),
    (["sing"], 2, "lifext: argument COMMAND: "),
    (["run", "fails.py"], 1, "ZeroDivisionError"),
    (["run", "leaves.py"], 7, ""),
])
def test_exit_codes_of_the_process(arguments, code, said, tmp_path):
    (tmp_path / "fails.py").write_text("1 / 0\n")
    (tmp_path / "leaves.py").write_text("raise SystemExit(7)\n")
    ended = command(*arguments, cwd=tmp_path)
    assert ended.returncode == code
    assert said in ended.stderr
    if code == 2:
        assert ended.stderr.count("\n") == 1


# a package that is not built

def unbuilt(folder, source=True, built=()):
    """Make a package without compiled modules, or but for some, in a source folder or installed; return its folder."""
    package = pathlib.Path(lifext.__file__).parent
    shutil.copytree(package, folder / "lifext", ignore=lambda where, names: [
        name for name in names if name.endswith((".so", ".pyd", ".c", ".o", "__pycache__")) and name not in built])
    for name in ("setup.py", "pyproject.toml") if source else ():
        (folder / name).touch()
    return folder


def imported(folder, *program):
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run([sys.executable, *(program or ("-c", "import lifext"))], cwd=folder, capture_output=True,
                          text=True, env=clean)


SOURCES = [name for name in ("shared/buffers.pyx",) if (pathlib.Path(lifext._core.__file__).parent / name).is_file()]


@pytest.mark.skipif(not SOURCES, reason="a package without its sources")
def test_in_a_source_folder_that_is_not_built_the_import_says_so(tmp_path):
    ended = imported(unbuilt(tmp_path))
    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: you are importing lifext from its source folder {tmp_path}, which lacks its "
                           "compiled modules for this Python")
    assert "leave that folder" in last and "pip install -e ." in last
    assert "circular" not in ended.stderr
    # the command says it in a line
    ended = imported(tmp_path, "-m", "lifext", "info")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert ended.stderr.startswith("lifext: you are importing lifext from its source folder")
    assert "Traceback" in imported(tmp_path, "-m", "lifext", "info", "--debug").stderr
    # of another Python, and of this one but not all
    (tmp_path / "lifext/_core/compat/kinetics.cpython-39-x86_64-linux-gnu.so").touch()
    assert "kinetics (there is kinetics.cpython-39-x86_64-linux-gnu.so, of another)" in imported(tmp_path).stderr


@pytest.mark.skipif(not SOURCES, reason="a package without its sources")
def test_an_installation_without_compiled_modules_is_broken(tmp_path):
    ended = imported(unbuilt(tmp_path, source=False))
    assert f"ImportError: the installation of lifext in {tmp_path / 'lifext'} lacks" in ended.stderr
    assert "source folder" not in ended.stderr


@pytest.mark.skipif(not SOURCES, reason="a package without its sources")
def test_another_reason_is_told_as_it_is(tmp_path):
    unbuilt(tmp_path, built=[file.name for file in pathlib.Path(lifext._core.__file__).parent.rglob("*")])
    (tmp_path / "lifext/_core/compat/reference.py").write_text("raise ImportError('of its own', name='lifext._core')\n")
    assert imported(tmp_path).stderr.endswith("ImportError: of its own\n")


@pytest.mark.parametrize(("variable", "allowed"), [("LIFEXT_SIMD", "one of baseline"),
                                                   ("LIFEXT_BACKEND", "one of compiled, reference")])
@pytest.mark.parametrize("program", [["-m", "lifext"], ["-W", "error", "-mlifext"], ["lifext"]])
def test_a_wrong_variable_gives_one_line_and_2(program, variable, allowed, tmp_path):
    # as pip writes it
    (tmp_path / "lifext").write_text("import sys\nfrom lifext.cli import main\n"
                                     "if __name__ == '__main__':\n    sys.exit(main())\n")

    def run(*arguments):
        return subprocess.run([sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True,
                              env={**os.environ, variable: "x86-64-v9"})
    ended = run(*program, "info")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.fullmatch(rf"lifext: {variable}.* must be {allowed}.*, got 'x86-64-v9' \(--debug shows where\)\n",
                        ended.stderr)
    ended = run(*program, "info", "--debug")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Traceback")
    assert f"ImportError: {variable}" in ended.stderr


@pytest.mark.parametrize("program", [["-c", "import lifext"], ["-m", "script", "lifext"], ["script.py"]])
def test_a_wrong_variable_is_an_import_error_in_python(program, tmp_path):
    (tmp_path / "script.py").write_text("import lifext\n")
    ended = subprocess.run([sys.executable, *program], cwd=tmp_path, capture_output=True, text=True,
                           env={**os.environ, "LIFEXT_SIMD": "x86-64-v9"})
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert re.search("ImportError: LIFEXT_SIMD must be one of baseline.* on this machine, got 'x86-64-v9'",
                     ended.stderr)


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run([sys.executable, "-m", "lifext", "info"], stdout=writing, stderr=subprocess.PIPE,
                               text=True, cwd=tmp_path)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.parametrize(("arguments", "named"), [
    ([], "COMMAND"), (["sing"], "sing"), (["demo", "--seed", "-1"], "--seed"), (["demo", "--seed", "a"], "'a'"),
    (["demo", "--seed", str(2**32)], "4294967295"), (["demo", "--duration-scale", "0"], "--duration-scale"),
    (["demo", "--duration-scale", "nan"], "0.001"), (["demo", "--duration-scale", "inf"], "'inf'"),
    (["demo", "--output", "a.txt"], ".png"), (["demo", "--output", "no/such/place.png"], "no/such/place.png"),
    (["info", "--seed", "1"], "--seed"), (["bench", "--json", "no/such/place.json"], "no/such/place.json"),
    (["run"], "SCRIPT"), (["run", "no_such.py"], "no_such.py"), (["bench", "ring"], "ring"),
    (["bench", "--json", "."], "must be a file, got the directory '.'"),
])
def test_bad_arguments_give_one_line_and_2(arguments, named, capsys):
    assert cli.main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert named in printed.err


@pytest.mark.parametrize(("arguments", "said"), [
    ("run --sead 3 {}", "lifext run: there is no option --sead; did you mean --seed?"),
    ("run --sead=3 {}", "lifext run: there is no option --sead; did you mean --seed?"),
    ("run --report --sead 3 {}", "lifext run: there is no option --sead;"),
    ("run --seed 3 --sead {}", "lifext run: there is no option --sead;"),
    ("run --sead", "lifext run: there is no option --sead;"),
    ("run -seed 3 {}", "lifext run: there is no option -seed; did you mean --seed?"),
    ("run -s 3 {}", "lifext run: there is no option -s "), ("run --seed=x {}", "lifext run: argument --seed: must be"),
    ("run --seed {}", "lifext run: argument --seed: must be"), ("run --seed", "lifext run: argument --seed: expected"),
    ("run --seed -3 {}", "lifext run: argument --seed: must be"), ("--sead", "lifext: there is no option --sead "),
    ("--sead 3 run {}", "lifext: there is no option --sead "), ("-x", "lifext: there is no option -x "),
    ("--debgu demo", "lifext: there is no option --debgu; did you mean --debug?"),
    ("demo --sed 1", "lifext demo: there is no option --sed; did you mean --seed?"),
    ("demo --seed 1 --no-plto", "lifext demo: there is no option --no-plto; did you mean --no-plot?"),
    ("info --json", "lifext info: there is no option --json "),
    ("bench --jsn a", "lifext bench: there is no option --jsn;"),
    ("run 3 {}", "lifext run: argument SCRIPT: must be a file that exists, got '3'"),
])
def test_an_option_that_there_is_not_is_what_is_blamed(arguments, said, tmp_path, capsys):
    (tmp_path / "x.py").write_text("raise SystemExit('it was run')\n")
    assert cli.main(arguments.format(tmp_path / "x.py").split()) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(said)
    assert (printed.out, printed.err.count("\n")) == ("", 1)


@pytest.mark.parametrize("options", ["", "--seed 3 ", "--seed=3 --report ", "--see 3 ", "-- "])
def test_options_after_the_script_are_its_own(options, tmp_path, capsys):
    (tmp_path / "x.py").write_text("import sys\nprint(sys.argv[1:])\n")
    assert cli.main(["run", *options.split(), str(tmp_path / "x.py"), "--sead", "4", "-q", "--", "--debug"]) == 0
    assert capsys.readouterr().out == "['--sead', '4', '-q', '--', '--debug']\n"


@pytest.mark.parametrize("raised", [RuntimeError("of\ntwo lines"), OSError("disk full")])
def test_a_failure_gives_one_line_and_1(raised, monkeypatch, capsys):
    def fail(*arguments):
        raise raised
    monkeypatch.setattr(demo, "run", fail)
    assert cli.main(["demo", "--no-plot"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert cli.main(["--debug", "demo", "--no-plot"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert cli.main(["demo", "--no-plot", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupted_run_gives_130(monkeypatch, capsys):
    def interrupt(*arguments):
        raise KeyboardInterrupt
    monkeypatch.setattr(demo, "run", interrupt)
    assert cli.main(["demo", "--no-plot"]) == 130
    assert capsys.readouterr().err == "lifext: interrupted\n"


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"lifext {lifext.__version__}\n"


# info

def shown(capsys):
    """Return the lines of `lifext info` as a dict."""
    assert cli.main(["info"]) == 0
    return dict(re.split(r": +", line, maxsplit=1) for line in capsys.readouterr().out.splitlines())


def test_info_says_what_there_is(capsys):
    said = shown(capsys)
    assert said["lifext"] == lifext.__version__
    assert said["NumPy"] == np.__version__
    assert said["kernels"] == kernels.backend
    assert said["loops in use"] == loops.chosen()
    assert said["loops built for"].split(", ") == loops.built()
    assert set(loops.supported()) <= set(loops.built())
    assert said["OpenMP"].startswith(f"{fast_loop.max_threads()} threads" if fast_loop.has_openmp() else "no")


def test_info_knows_the_compiler(capsys):
    said = shown(capsys)
    name, flags, fast_math = loops.compiler()
    assert said["compiler"] == name
    assert re.search(r"\d+\.\d+|MSVC \d+", name)
    assert said["flags"] == flags
    assert "-ffp-contract=off" in flags or "/fp:precise" in flags
    assert not fast_math


def test_info_warns_of_fast_math(monkeypatch):
    monkeypatch.setattr(loops, "compiler", lambda: ("GCC 1.0", "-O3", True))
    assert _installation.facts()["flags"].startswith("-O3 and fast-math: results may differ")


def test_info_tells_what_is_set(monkeypatch, capsys):
    for name in _installation.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert shown(capsys)["environment"] == "nothing set that matters"
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    assert shown(capsys)["environment"] == "OMP_NUM_THREADS=3, OMP_WAIT_POLICY=passive"


def test_exp_agreement_tells_both_cases(monkeypatch):
    monkeypatch.setattr(_installation.math, "exp", lambda x: float(np.exp(np.array([x]))[0]))
    assert _installation._exp_agreement().startswith("equals")
    monkeypatch.setattr(_installation.math, "exp", lambda x: 0.0)
    assert _installation._exp_agreement().startswith("differs")


# bench

def result(wall, ms=1000.0, **rates):
    return {"wall": {"median": wall, "least": wall, "greatest": wall}, "simulated_ms": ms, "turns": 3, "rates": rates,
            "prepared_s": 12.34}


def test_a_quick_bench_measures_all_contenders_and_writes_a_file(tmp_path, capsys):
    pytest.importorskip("scipy")
    path = tmp_path / "speed.json"
    assert cli.main(["bench", "--quick", "--json", str(path)]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    written = json.loads(path.read_text())
    assert written["facts"] == _installation.facts()
    assert tuple(written["workloads"]) == bench.QUICK
    for name, found in written["workloads"].items():
        assert list(found) == list(bench.contenders(quick=True))
        for contender, measured in found.items():
            assert measured["wall"]["least"] > 0, (name, contender)
            assert measured["simulated_ms"] == bench.QUICK_MS
        assert bench.table(name, found) in printed.out
        # the same network, seed and arithmetic
        assert len({str(measured["rates"]) for contender, measured in found.items()
                    if contender == "lifext" or "threads" in contender}) == 1
    # the NumPy twin has the bits of compat, and unconnected cells draw alike in a script and in a network
    cells = written["workloads"]["neurons-1000"]
    assert cells["lifext compat"]["rates"] == cells[bench.TWIN]["rates"]


def test_a_table_fits_a_terminal_and_gives_ratios():
    found = {"lifext": result(0.5, perc_pyr=3.0, perc_inh=4.0, mem_pyr=10.0, mem_inh=20.0),
             bench.TWIN: result(50.0, ms=100.0, perc_pyr=3.0, perc_inh=4.0, mem_pyr=10.0, mem_inh=20.0),
             bench.BRIAN2: result(1.25, perc_pyr=3.0, perc_inh=4.0, mem_pyr=10.0, mem_inh=20.0)}
    lines = bench.table("dual", found).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1] == "  Hz: perc_pyr, perc_inh, mem_pyr, mem_inh"
    assert lines[3].split() == ["lifext", "0.5", "1", "x", "1000", "3", "3.00,", "4.00,", "10.00,", "20.00"]
    assert lines[4].endswith("100 x   100     3  3.00, 4.00, 10.00, 20.00 *")
    assert "2.5 x" in lines[5]
    assert lines[6] == "  Brian2 C++: 12.3 s to compile, which are not in its time"


def test_a_contender_that_fails_is_a_row(tmp_path):
    programs = {"lifext": bench.CONTENDERS["lifext"], "broken": ("with_lifext.py", "nonsense", 1)}
    found = bench._run("neurons-1000", programs, True, tmp_path)
    assert found["lifext"]["turns"] == 1
    row = bench.table("neurons-1000", found).splitlines()[-1]
    assert re.fullmatch(r"  broken             failed: ended with 2: .*nonsense.*", row)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupted_bench_leaves_no_process_and_no_folder(tmp_path):
    # a shell has what it runs in the background ignore SIGINT
    program = ("import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from lifext import cli; "
               "sys.exit(cli.main(['bench', '--no-brian2']))")
    process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    while not (folders := list(tmp_path.glob("lifext-bench-*/ring-lifext"))):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "lifext: interrupted\n")
    assert folders and list(tmp_path.iterdir()) == []


def test_with_all_failed_there_still_is_a_table():
    assert "failed: no" in bench.table("ring", {"lifext": {"failed": "no\nway"}})


def test_threads_that_lose_are_noticed():
    fast, slow, failed = result(1.0), result(1.6), {"failed": "no"}
    assert bench.threads_lose({"workloads": {"ring": {"lifext": fast, "lifext, 2 threads": slow}}})
    assert not bench.threads_lose({"workloads": {"ring": {"lifext": fast, "lifext, 2 threads": fast, "x": slow}}})
    assert not bench.threads_lose({"workloads": {"ring": {"lifext": failed, "lifext, 2 threads": slow}}})


def test_who_takes_part(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(bench, "processors", lambda: 6)
    monkeypatch.setattr(fast_loop, "has_openmp", lambda: True)
    assert list(bench.contenders()) == ["lifext", "lifext, 2 threads", "lifext, 4 threads", "lifext, 6 threads",
                                        "lifext float32", "lifext compat", bench.TWIN, bench.BRIAN2]
    assert bench.BRIAN2 not in bench.contenders(quick=True)
    assert bench.BRIAN2 not in bench.contenders(brian2=False)
    monkeypatch.setattr(fast_loop, "has_openmp", lambda: False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert list(bench.contenders()) == ["lifext", "lifext float32", "lifext compat", bench.TWIN]
