"""How long ``import lifext`` takes beyond ``import numpy``: fresh processes, in turn, medians."""
import argparse
import statistics
import subprocess
import sys
import time


def seconds(code):
    """Return the wall time of a fresh interpreter that runs `code`, in s."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    taken = {code: [] for code in ("pass", "import numpy", "import lifext")}
    for _ in range(repeats + 1):
        for code, times in taken.items():
            times.append(seconds(code))
    medians = {code: statistics.median(times[1:]) for code, times in taken.items()}  # the first fills the disk's cache
    for code, median in medians.items():
        print(f"{code:14} {1e3*median:7.1f} ms")
    print(f"lifext beyond numpy: {1e3*(medians['import lifext'] - medians['import numpy']):.1f} ms")


if __name__ == "__main__":
    main()
