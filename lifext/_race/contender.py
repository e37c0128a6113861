"""A contender: a process that runs one of the programs, and takes a turn whenever it is told a seed."""
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time


class Failed(Exception):
    """A contender's program ended before it had said what it was asked for."""


class Contender:
    """A process that simulates one workload, a turn at a time.

    Parameters
    ----------
    command : list of str
        Its program with arguments, as `protocol` says.
    threads : int
        What libraries are told of how many to use.
    scratch : pathlib.Path
        Where it works, and may put what it compiles.
    timeout : float
        Longest wait for an answer, s.
    environment : dict
        Variables beyond those of this process; None takes one away.
    """

    def __init__(self, command, threads, scratch, timeout, environment):
        libraries = {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
        variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **libraries, **environment}
        self.timeout = timeout
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed by `close`)
        self.since = time.perf_counter()
        self.process = subprocess.Popen([*command, "--scratch", str(scratch), "--serve"], text=True, cwd=scratch,
                                        env={name: value for name, value in variables.items() if value is not None},
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                        start_new_session=True)  # so that its compilers end with it

    def ready(self):
        """Return what it says once it is ready."""
        return dict(self._answer(), start_to_ready_s=time.perf_counter() - self.since)

    def turn(self, seed):
        """Have it simulate, and return what it says of that."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(f"{seed}\n")
            self.process.stdin.flush()
        start = time.perf_counter()
        said = self._answer()
        stop = time.perf_counter()
        return dict(said, wall_s=stop - start, start_to_result_s=stop - self.since)

    def _answer(self):
        watchdog = threading.Timer(self.timeout, self._end)
        # the process does not wait for it when Ctrl-C comes while it starts
        watchdog.daemon = True
        try:
            watchdog.start()
            # what a library says when it is imported comes first
            line = next((line for line in self.process.stdout if line.startswith("{")), None)
        finally:
            watchdog.cancel()
        if line:
            return json.loads(line)
        code = self.process.wait()
        self.errors.seek(0)
        said = self.errors.read().splitlines()[-15:]
        raise Failed("\n".join([f"ended with {code}: {said[-1] if said else 'without a word'}", *said]))

    def _end(self):
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()

    def close(self):
        """End it, at once: nothing is left to be saved."""
        self._end()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.errors):
            with contextlib.suppress(OSError):
                pipe.close()
