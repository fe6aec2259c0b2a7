"""Heart-rate variability in Clarity beside NeuroKit2, on the same intervals.

    compare.py times [--quick]     times and values of every measure, from the benchmark program
    compare.py values BINARY       values only, from `clarity hrv`

Times: the fastest of the rounds counts: of Clarity by the clock on the wall, of NeuroKit2 by its processor time, so
that other work on the machine never favours Clarity. Values are compared before times are printed, where both
compute the same definition. It ends with 1 when a value differs or a measure is less than five times faster. --quick
leaves out the long recording.

Values: nothing is timed; it ends with 1 when a value differs. tools/hrv-peers installs what is imported here.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")

WANTED = 5.0
ROUNDS = {350: 9, 4_200: 5, 20_000: 3}
# Values equal to rounding. The others differ in definition (see docs/methods/heart): NeuroKit2 interpolates
# differently before Welch, has another grid and scale for Lomb-Scargle, other windows for DFA, and rotates
# the ellipse of Poincaré by other axes.
SAME = {"interval_mean", "sdnn", "rmssd", "sdsd", "cvnn", "triangular_index", "sample_entropy",
        "approximate_entropy", "beat_correction"}
TOLERANCE = 1e-9
# Of five hours only what could grow with the square is timed: NeuroKit2 needs minutes for the rest.
LONG = {"sdnn", "lf_lomb", "sample_entropy", "approximate_entropy", "beat_correction"}

import astropy.timeseries
import neurokit2 as nk
import numpy as np


class Clarity:
    """The benchmark program, which answers one request at a time."""

    def __init__(self):
        command = ["cargo", "bench", "--quiet", "--workspace", "--bench", "hrv", "--", "--peer"]
        program = os.environ.get("HRV_BENCH")
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        command = [program, "--peer"] if program else command
        self.process = subprocess.Popen(command, cwd=folder, text=True, **pipes)

    def measure(self, intervals, rounds):
        numbers = " ".join(repr(float(interval)) for interval in intervals)
        self.process.stdin.write(f"{rounds} {numbers}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the benchmark program ended early; see above")
        return json.loads(line)


def heart(count):
    """Intervals that breathe and wander, in whole microseconds."""
    chance = np.random.default_rng(9)
    slow, intervals = 0.0, []
    for index in range(count):
        slow = 0.98 * slow + 6.0 * chance.standard_normal()
        breath = 30.0 * np.sin(1.2 * index)
        intervals.append(round(850.0 + slow + breath + 15.0 * chance.standard_normal(), 3))
    return np.array(intervals, dtype=float)


def peers(intervals):
    """The functions of NeuroKit2 by measure, on what they take."""
    peaks = np.concatenate([[0], np.cumsum(np.round(intervals * 1000))]).astype(int)
    tolerance = 0.2 * intervals.std(ddof=1)
    times = (np.cumsum(intervals) - intervals[0]) / 1000
    by_time = lambda key: lambda: float(nk.hrv_time(peaks, sampling_rate=1_000_000)[f"HRV_{key}"].iloc[0])
    bands = dict(ulf=(0, 0.003), vlf=(0.003, 0.04), lf=(0.04, 0.15), hf=(0.15, 0.4))
    welch = lambda: float(nk.hrv_frequency(peaks, sampling_rate=1_000_000, psd_method="welch", **bands)["HRV_LF"].iloc[0])

    def lomb():
        step = 1 / times[-1] / 5
        grid = 0.003 + step * np.arange(int(round(0.397 / step)) + 1)
        model = astropy.timeseries.LombScargle(
            times, intervals - intervals.mean(), fit_mean=False, center_data=False, normalization="psd")
        return float(model.power(grid, method="auto", assume_regular_frequency=True).sum())

    def faults():
        found, _ = nk.signal_fixpeaks(peaks, sampling_rate=1_000_000, iterative=False, method="Kubios")
        return float(sum(len(found[kind]) for kind in ("ectopic", "missed", "extra", "longshort")))

    fractal = lambda scales: lambda: float(nk.fractal_dfa(intervals, scale=np.arange(*scales))[0])
    poincare = lambda: float(nk.hrv_nonlinear(peaks, sampling_rate=1_000_000)["HRV_SD1"].iloc[0])
    table = {"interval_mean": by_time("MeanNN"), "sdnn": by_time("SDNN"), "rmssd": by_time("RMSSD"),
             "sdsd": by_time("SDSD"), "cvnn": by_time("CVNN"), "pnn50": by_time("pNN50"),
             "pnn20": by_time("pNN20"), "triangular_index": by_time("HTI"), "tinn": by_time("TINN"),
             "lf": welch, "hf": welch, "lf_hf": welch, "lf_normalised": welch,
             "vlf_lomb": lomb, "lf_lomb": lomb, "hf_lomb": lomb,
             "sample_entropy": lambda: float(nk.entropy_sample(intervals, dimension=2, tolerance=tolerance)[0]),
             "approximate_entropy": lambda: float(
                 nk.entropy_approximate(intervals, dimension=2, tolerance=tolerance)[0]),
             "dfa_alpha1": fractal((4, 17)), "dfa_alpha2": fractal((16, 65)), "beat_correction": faults}
    if len(intervals) > 10_000:
        table = {id: function for id, function in table.items() if id in LONG}
    if len(intervals) <= 400:
        table["sd1"] = table["sd2"] = poincare  # one function computes all that is not linear
    return table


def times(quick):
    clarity, failed = Clarity(), []
    counts = [350, 4_200] if quick else [350, 4_200, 20_000]
    for count in counts:
        intervals, rounds = heart(count), ROUNDS[count]
        print(f"{count} intervals: ms in Clarity, ms in NeuroKit2, times faster")
        known, measured = {}, clarity.measure(intervals, 25)
        for id, function in peers(intervals).items():
            theirs, value = [], None
            for _ in range(rounds):
                if function not in known or id in SAME:
                    start = time.process_time()
                    value = function()
                    theirs.append(1000 * (time.process_time() - start))
            if theirs:
                known[function] = (min(theirs), value)
            theirs, value = known[function]
            ours = measured[id]
            if ours["value"] is None:
                continue
            ratio = theirs / ours["ms"]
            note = ""
            if id in SAME:
                apart = abs(ours["value"] - value) / max(abs(value), 1e-12)
                note = "equal" if apart < TOLERANCE else f"DIFFERS by {apart:.1e}"
                if apart >= TOLERANCE:
                    failed.append(f"{id} at {count}: {ours['value']} is not {value}")
            if ratio < WANTED:
                note += " TOO SLOW"
                failed.append(f"{id} at {count}: {ratio:.1f} times faster")
            print(f"  {id:<20} {ours['ms']:>10.4f} {theirs:>10.3f} {ratio:>9.0f}  {note}")
    return failed


def values(binary):
    """Compares what `clarity hrv` prints; beats are kept, as NeuroKit2's functions take them."""
    compared, failed = 0, []
    for count in (350, 4_200):
        intervals = heart(count)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "intervals.txt")
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(f"{interval!r}\n" for interval in intervals.tolist())
            command = [binary, "hrv", "--json", "--artefacts", "kept", path]
            document = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        result = document[0]["result"]
        assert result["stretch"]["intervals"] == count, result["stretch"]
        ours = {line["measure"]: line["value"] for line in result["measures"]}
        for id, function in peers(intervals).items():
            if id not in SAME or ours.get(id) is None:
                continue
            value = function()
            apart = abs(ours[id] - value) / max(abs(value), 1e-12)
            compared += 1
            if apart >= TOLERANCE:
                failed.append(f"{id} at {count}: {ours[id]} is not {value}")
    print(f"heart-rate variability beside NeuroKit2: {compared} values compared, {len(failed)} differ")
    return failed if compared >= 14 else [*failed, f"only {compared} values were compared"]


def main():
    match sys.argv[1:]:
        case ["times", *rest]:
            failed = times("--quick" in rest)
        case ["values", binary]:
            failed = values(binary)
        case _:
            sys.exit(__doc__)
    for line in failed:
        print(line, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
