"""Write bench/RESULTS.md and its two pictures from what `run.py` wrote.

``python bench/report.py bench/results/race.json [EARLIER...]``; matplotlib is needed. Workloads that a
file lacks are taken from those after it, and the page says which these are.
"""
import argparse
import json
import math
import pathlib
import textwrap

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent

# What a neuron-step of an unconnected cell needs at least in the fast arithmetic, where receptors that no spike can
# reach are passed over: the state V, end of refractoriness, s of noise and the current of the step before is read, and
# all but the second written; float64.
BYTES_READ, BYTES_WRITTEN = 4 * 8, 3 * 8
# Operations: refractoriness 1, leak twice 4, sums 8, second stage 2, noise 5, potential 3, threshold 1. Random numbers
# are left out.
FLOPS = 24

# workload, who, than whom, how many times as fast it was to be
AIMS = (("ring", "lifext", "original", 150), ("ring", "lifext", "Brian2 C++ rk2", 10), ("ring", "lifext", "NEST", 80),
        ("ring", "lifext by hand", "original", 15), ("coba-4000", "lifext", "Brian2 C++ rk2", 6),
        ("neurons-100000", "lifext", "Brian2 C++ rk2", 4))
FIRST_RESULT_S, PART_OF_LIMIT = 0.5, 0.6

TITLES = {"ring": "Single ring", "dual": "Dual ring, a whole trial",
          "decision": "A decision between two pools", "coba-4000": "COBA, 4,000 neurons",
          "coba-40000": "COBA, 40,000 neurons", "one": "One neuron", "first": "First result of a fresh process"}
ABOUT = {
    "ring": "1024 pyramidal cells and 256 interneurons, all four projections, dt 0.05 ms; a cue at 90 degrees for "
            "250 ms, then 750 ms of delay.",
    "dual": "Two rings of 1024 + 256, the first driving the second, dt 0.05 ms; 500 ms of nothing, a cue of 1000 ms, "
            "4000 ms of delay, a probe of 500 ms, 600 ms after it.",
    "decision": "Wang (2002): two pools of 240 of the 1600 pyramidal cells, 400 interneurons, all-to-all, delays of "
                "0.5 ms, dt 0.05 ms; 300 ms of rest, 1000 ms of a stimulus of 51.2 % coherence, 700 ms without. NMDA "
                "saturates in the sum at the target, not in each presynaptic cell as in the paper, and has 0.8 times "
                "the paper's conductances.",
    "coba-4000": "Brette et al. 2007, benchmark 1: exponential conductances, 80 inputs a neuron, dt 0.1 ms, resting "
                 "potential -49 mV.",
    "coba-40000": "As above, the same number of inputs a neuron.",
    "one": "The published LIF_neuron_test.py: second-order AMPA, a spike every 50 ms, dt 0.01 ms.",
    "first": "Wall time from starting a process to having 100 ms of the single ring: imports, compiling with empty "
             "caches, building, running."}
COLOURS = {"lifext": "#0b6e4f", "original": "#7a7a7a", "Brian2": "#c8553d", "NEST": "#e9a03b", "BrainPy": "#5b6abf"}
STYLES = ["-", "--", ":", "-."]


def colour(name):
    return next(value for start, value in COLOURS.items() if name.startswith(start))


def number(value):
    """Return a number with three digits that count."""
    if value == 0:
        return "0"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"


def spread(figure):
    return f"{number(figure['median'])} ({number(figure['least'])} to {number(figure['greatest'])})"


def measured(results):
    """Yield names and figures of the contenders that had a turn."""
    return [(name, result["figures"], result) for name, result in results.items() if "figures" in result]


def rates(figures):
    """Return what each population did, in words; in epochs if there are any."""
    words = []
    for name, rate in figures["rates"].items():
        epochs = [value for key, value in rate.items() if key[0].isdigit()]
        words.append(f"{name} " + " / ".join(f"{value['mean']:.2f}" for value in epochs or [rate["all"]]))
    return ", ".join(words)


def vectors(figures):
    """Return strength and direction of each ring's bump, in words."""
    words = []
    for name, rate in figures["rates"].items():
        found = [f"{value[0]:.2f} at {value[1]:.0f}" for key, value in rate.items() if key.startswith("vector")]
        words += [f"{name} " + " / ".join(found)] if found else []
    return ", ".join(words)


def table(rows):
    """Return lines of a table, the first row its head."""
    head, *rest = rows
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(row) + " |" for row in rest)]


def workload_section(workload, results, source):
    """Return the lines of one workload; `source` says where its results are from, if not from the first file."""
    lines = [f"## {TITLES[workload]}", "", ABOUT[workload], *([f"{source}."] if source else []), ""]
    first = workload == "first"
    kind = "first_result_s" if first else "s_per_simulated_s"
    ours = next((figures[kind]["median"] for name, figures, _ in measured(results) if name == "lifext"), None)
    rows = [["contender", "start to result, s" if first else "wall s a simulated s", "to lifext", "simulated, ms",
             "turns", "build, s", "start to ready, s", "peak, MB", "Hz a neuron"]]
    for name, figures, result in measured(results):
        taken = figures[kind]
        rows.append([name, spread(taken), f"{number(taken['median'] / ours)} x" if ours else "",
                     f"{result['ready']['ms']:g}", str(taken["turns"]), number(figures["build_s"]["median"]),
                     number(figures["start_to_ready_s"]), f"{figures['peak_mb']:.0f}", rates(figures)])
    lines += table(rows) + [""]
    if any(vectors(figures) for _, figures, _ in measured(results)) and not first:
        lines += ["Bumps, strength and direction in degrees: "
                  + "; ".join(f"{name}: {vectors(figures)}" for name, figures, _ in measured(results)) + ".", ""]
    return lines + remarks(results)


def aims_section(workloads, limits):
    """Return what was aimed at, and what came out."""
    def cost(workload, name):
        figures = workloads.get(workload, {}).get(name, {}).get("figures", {})
        return figures.get("s_per_simulated_s", {}).get("median")

    rows = []
    for workload, name, other, times in AIMS:
        ours, theirs = cost(workload, name), cost(workload, other)
        if ours and theirs:
            title = TITLES.get(workload) or f"Neurons only, {int(workload.partition('-')[2]):,}"
            rows.append([title, f"{name} to {other}", f"{times} x", f"{number(theirs / ours)} x",
                         "" if theirs >= times * ours else "missed"])
    first = workloads.get("first", {}).get("lifext", {}).get("figures")
    if first:
        took = first["first_result_s"]["median"]
        rows.append([TITLES["first"], "lifext", f"{FIRST_RESULT_S} s", f"{number(took)} s",
                     "" if took <= FIRST_RESULT_S else "missed"])
    neurons = dict(costs(neurons_of(workloads)).get("lifext", [])).get(100_000)
    if limits and neurons:
        part = part_of_limit(100_000, neurons, limits[0])
        rows.append(["Neurons only, 100,000", "lifext to the nearer limit", f"{PART_OF_LIMIT:.0%}", f"{part:.0%}",
                     "" if part >= PART_OF_LIMIT else "missed"])
    if not rows:
        return []
    return ["## What was aimed at", "",
            "What binds lifext where an aim is missed, with profiles and what was tried, is in "
            "[README.md](README.md#what-binds-the-networks).", "",
            *table([["workload", "", "aim", "measured", ""], *rows]), ""]


def remarks(results):
    """Return what was said of differences in model, and what failed."""
    found = {}
    for name, result in results.items():
        for note in result.get("ready", {}).get("notes", []):
            found.setdefault(note, []).append(name)
    lines = [f"- {', '.join(names)}: {note}." for note, names in found.items()]
    lines += [f"- {name} failed: `{result['failed'].splitlines()[0]}`" for name, result in results.items()
              if "failed" in result]
    return lines + [""] if lines else []


def neurons_of(workloads):
    """Return the workloads of unconnected neurons by their number."""
    return {int(name.split("-")[1]): results for name, results in workloads.items() if name.startswith("neurons-")}


def costs(sizes):
    """Return of each contender the sizes and figures of its cost."""
    found = {}
    for n, results in sorted(sizes.items()):
        for name, figures, _ in measured(results):
            found.setdefault(name, []).append((n, figures))
    return found


def neurons_section(sizes, limits, sources):
    """Return the lines on unconnected neurons; `sources` as in `document`."""
    lines = ["## Neurons only", "",
             "Unconnected pyramidal cells of a ring with Poisson noise, dt 0.05 ms. lifext's fast arithmetic passes "
             "over receptors that no spike can reach; all others compute them. ns a neuron-step, median (least to "
             "greatest).", *(f"N = {n:,}: {sources[f'neurons-{n}']}." for n in sorted(sizes)
                             if sources[f"neurons-{n}"]), "",
             "![cost against the number of neurons](results/race_neurons.png)", ""]
    found = costs(sizes)
    rows = [["contender", *(f"N = {n:,}" for n in sorted(sizes)), "bytes a neuron", "Hz a neuron"]]
    for name, points in found.items():
        by_n = dict(points)
        rows.append([name, *(spread(by_n[n]["ns_per_neuron_step"]) if n in by_n else "" for n in sorted(sizes)),
                     bytes_a_neuron(points), " / ".join(rates(figures).split()[-1] for _, figures in points)])
    lines += table(rows) + ["", "Bytes a neuron: the difference in peak memory between the two largest networks over "
                            "that in neurons.", ""]
    if limits and "lifext" in found:
        lines += ["The part of the nearer limit that lifext reaches (one thread):", ""]
        rows = [["N", "lifext, ns", "traffic allows, ns", "arithmetic allows, ns", "reached"]]
        for n, figures in found["lifext"]:
            rows.append([f"{n:,}", number(figures["ns_per_neuron_step"]["median"]), number(traffic_ns(n, limits[0])),
                         number(arithmetic_ns(limits[0])), f"{part_of_limit(n, figures, limits[0]):.0%}"])
        lines += table(rows) + [""]
    merged = {}
    for results in sizes.values():
        for name, result in results.items():
            merged.setdefault(name, {}).update({key: result[key] for key in ("ready", "failed") if key in result})
    return lines + remarks(merged)


def bytes_a_neuron(points):
    if len(points) < 2:
        return ""
    (few, small), (many, large) = points[-2:]
    return f"{(large['peak_mb'] - small['peak_mb']) * 1e6 / (many - few):.0f}"


def traffic_ns(n, limit):
    """Return the least time of a neuron-step that moving its state takes, from the traffic at that size."""
    size = n * BYTES_READ
    table_ = limit["update"]
    below = max((row for row in table_ if row[0] <= size), default=table_[0])
    above = min((row for row in table_ if row[0] >= size), default=table_[-1])
    if below[0] == above[0]:
        speed = below[1]
    else:
        share = math.log(size / below[0]) / math.log(above[0] / below[0])
        speed = below[1] ** (1 - share) * above[1] ** share
    return (BYTES_READ + BYTES_WRITTEN) / speed * 1e9


def arithmetic_ns(limit):
    return FLOPS / limit["flops"] * 1e9


def part_of_limit(n, figures, limit):
    """Return how much of the nearer of both a contender reaches."""
    return max(traffic_ns(n, limit), arithmetic_ns(limit)) / figures["ns_per_neuron_step"]["median"]


def limits_section(limits):
    """Return the lines on what the machine can do."""
    if not limits:
        return []
    rows = [["threads", "arithmetic, GFlop/s", "triad, GB/s", *(f"update {size_of(row[0])}, GB/s"
                                                               for row in picked(limits[0]))]]
    for limit in limits:
        rows.append([str(limit["threads"]), number(limit["flops"] / 1e9), number(limit["triad"] / 1e9),
                     *(number(row[1] / 1e9) for row in picked(limit))])
    return ["## Limits of the machine", "", "Measured before and after the race by `race/limits.c`, the better of "
            "both: fused multiply-adds on all lanes, STREAM's triad, and one array updated in place, by its size.", "",
            *table(rows), "",
            f"A neuron-step of an unconnected cell is taken to need {BYTES_READ} bytes read and {BYTES_WRITTEN} "
            f"written (four numbers of state, float64, all but one written back) and {FLOPS} operations; random "
            "numbers are left out. These additions and multiplications stand alone; the limit is of pairs of them.",
            ""]


def picked(limit):
    return limit["update"][1::3]


def size_of(size):
    return f"{size // 2**20} MiB" if size >= 2**20 else f"{size // 2**10} KiB"


def draw_bars(workloads, path):
    """Draw a panel a workload: a bar a contender, least to greatest as a line, on a log axis."""
    shown = [name for name in workloads if name in TITLES and measured(workloads[name])]
    columns = min(2, len(shown))
    heights = [max(len(measured(workloads[name])) for name in shown[row:row + columns])
               for row in range(0, len(shown), columns)]
    figure, axes = plt.subplots(len(heights), columns, figsize=(11, 1.1 * len(heights) + 0.3 * sum(heights)),
                                squeeze=False, gridspec_kw={"height_ratios": heights}, layout="constrained")
    for axis in axes.flat[len(shown):]:
        axis.set_axis_off()
    for axis, workload in zip(axes.flat, shown):
        kind = "first_result_s" if workload == "first" else "s_per_simulated_s"
        found = sorted(((name, figures[kind]) for name, figures, _ in measured(workloads[workload])),
                       key=lambda item: -item[1]["median"])
        least = min(taken["least"] for _, taken in found)
        floor = 10 ** (math.floor(math.log10(least)) - 0.3)
        ceiling = 6 * max(taken["greatest"] for _, taken in found)
        for row, (name, taken) in enumerate(found):
            middle = taken["median"]
            axis.barh(row, middle - floor, left=floor, color=colour(name), height=0.7)
            axis.errorbar(middle, row, xerr=[[middle - taken["least"]], [taken["greatest"] - middle]], color="black",
                          capsize=3, linewidth=1)
            axis.text(taken["greatest"] * 1.15, row, number(middle), va="center", fontsize=8)
        axis.set_yticks(range(len(found)), [name for name, _ in found], fontsize=8)
        axis.set_xscale("log")
        axis.set_xlim(floor, ceiling)
        axis.set_title(TITLES[workload], fontsize=10, loc="left")
        axis.set_xlabel("start to result, s" if workload == "first" else "wall s a simulated s", fontsize=8)
        axis.tick_params(axis="x", labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def draw_neurons(sizes, limits, path):
    """Draw the cost of a neuron-step against the number of neurons, with what the machine allows."""
    figure, axis = plt.subplots(figsize=(9, 5.5), layout="constrained")
    used = {}
    for name, points in costs(sizes).items():
        ns = [n for n, _ in points]
        taken = [figures["ns_per_neuron_step"] for _, figures in points]
        middle = [figure_["median"] for figure_ in taken]
        tint = colour(name)
        style = STYLES[used.setdefault(tint, 0) % len(STYLES)]
        used[tint] += 1
        axis.errorbar(ns, middle, yerr=[[m - t["least"] for m, t in zip(middle, taken)],
                                        [t["greatest"] - m for m, t in zip(middle, taken)]],
                      color=tint, linestyle=style, marker="o", markersize=4, capsize=3, linewidth=1.3, label=name)
    if limits:
        fine = [10 ** (3 + k / 20) for k in range(61)]
        axis.fill_between(fine, [max(traffic_ns(n, limits[0]), arithmetic_ns(limits[0])) for n in fine], 1e-3,
                          color="#dddddd", zorder=0, label="beyond one core's limits")
        axis.plot(fine, [traffic_ns(n, limits[0]) for n in fine], color="#555555", linewidth=1, label="memory traffic")
        axis.axhline(arithmetic_ns(limits[0]), color="#555555", linewidth=1, linestyle="--", label="arithmetic")
    everything = [figures["ns_per_neuron_step"] for points in costs(sizes).values() for _, figures in points]
    bottom = min([figure_["least"] for figure_ in everything] + ([arithmetic_ns(limits[0])] if limits else []))
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_ylim(bottom / 2, 2 * max(figure_["greatest"] for figure_ in everything))
    axis.set_xlabel("neurons")
    axis.set_ylabel("ns a neuron-step")
    axis.set_title("Unconnected pyramidal cells with noise", fontsize=10, loc="left")
    axis.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def versions(workloads):
    """Return the versions that the contenders named."""
    found = {}
    for results in workloads.values():
        for result in results.values():
            for name, version in result.get("ready", {}).get("versions", {}).items():
                found.setdefault(name, set()).add(version)
    return ", ".join(f"{name} {' and '.join(sorted(values))}" for name, values in sorted(found.items()))


def document(results, name, sources):
    """Return the whole page; `sources` says of each workload where it is from, if not from the first file."""
    machine, workloads = results["machine"], results["workloads"]
    caches = ", ".join(f"{level} {size_of(size)}" for level, size in sorted(machine.get("cache_bytes", {}).items()))
    lines = [
        "# The race", "",
        "Written by `report.py`; how to repeat it is in [README.md](README.md). The figures are in "
        f"[`{name}`]({name}).", "",
        f"{results['date']}, commit {results['commit']}. {machine.get('processor')}, {machine['cores']} cores, "
        f"{caches}, {machine.get('vectors', '')}; {machine['system']}; load average at the start "
        f"{', '.join(f'{load:.2f}' for load in machine['load_average'])}. {versions(workloads)}.", "",
        "Times are medians over turns, with the least and the greatest; contenders take turns, so that a machine that "
        "drifts hits all. One thread unless said. *Build* is making the network before the first step, *start to "
        "ready* what a process does once: start, import, compile. *Peak* is the largest resident set of the process "
        "that simulates. Rates are means over turns; where there are several, one for each epoch of the protocol.", "",
        "![cost of each workload](results/race_bars.png)", ""]
    lines += aims_section(workloads, results.get("limits"))
    for workload, found in workloads.items():
        if workload in TITLES:
            lines += workload_section(workload, found, sources[workload])
    sizes = neurons_of(workloads)
    if sizes:
        lines += neurons_section(sizes, results.get("limits"), sources)
    lines += limits_section(results.get("limits"))
    return "\n".join(map(wrapped, lines)).rstrip() + "\n"


def wrapped(line):
    """Return a paragraph or list item in lines of at most 120 characters; tables and pictures stay as they are."""
    if line.startswith(("|", "!", "#")):
        return line
    return textwrap.fill(line, 120, subsequent_indent="  " if line.startswith("- ") else "", break_long_words=False,
                         break_on_hyphens=False)


def with_earlier(results, earlier):
    """Add workloads that only earlier results have; return where each workload is from, "" for the first file."""
    sources = dict.fromkeys(results["workloads"], "")
    for name, others in earlier:
        for workload, found in others["workloads"].items():
            if workload not in sources:
                results["workloads"][workload] = found
                sources[workload] = f"From {others['date']}, commit {others['commit']} ([`{name}`]({name}))"
    return sources


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("json", type=pathlib.Path, help="what run.py wrote")
    parser.add_argument("earlier", type=pathlib.Path, nargs="*", help="and before, for workloads that are not in it")
    parser.add_argument("--to", type=pathlib.Path, default=HERE, metavar="DIR",
                        help="where RESULTS.md and results/ with the pictures go (default: %(default)s)")
    given = parser.parse_args()
    results = json.loads(given.json.read_text())
    sources = with_earlier(results, [(shown(path, given.to), json.loads(path.read_text())) for path in given.earlier])
    pictures = given.to / "results"
    pictures.mkdir(parents=True, exist_ok=True)
    draw_bars(results["workloads"], pictures / "race_bars.png")
    sizes = neurons_of(results["workloads"])
    if sizes:
        draw_neurons(sizes, results.get("limits"), pictures / "race_neurons.png")
    (given.to / "RESULTS.md").write_text(document(results, shown(given.json, given.to), sources))


def shown(path, folder):
    """Return a path as it is seen from a folder."""
    path, folder = path.resolve(), folder.resolve()
    return path.relative_to(folder) if path.is_relative_to(folder) else path.name


if __name__ == "__main__":
    main()
