"""Each compiled kernel, as `bench_kernels.py` calls it."""
import statistics
import time

import bench_kernels

ROUND = 0.02  # s
ROUNDS = 15


class Kernels:
    """Seconds a call; some can be clocked call by call only, so it is not asv that counts."""

    params = [list(bench_kernels.TIMERS), list(bench_kernels.SIZES)]
    param_names = ["kernel", "neurons"]
    unit = "seconds"

    def track_call(self, kernel, neurons):
        seconds = bench_kernels.timer(kernel, "compiled", neurons)
        start = time.perf_counter()
        seconds(100)
        count = max(1, round(100 * ROUND / (time.perf_counter() - start)))
        return statistics.median(seconds(count) / count for _ in range(ROUNDS))
