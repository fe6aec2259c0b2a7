#!/usr/bin/env python3
"""Makes the synthetic recordings of crates/oracle/data/actigraphy and what pyActigraphy computes on them.

    tools/references/make.py OUT

Needs the packages of requirements.txt beside it, at those versions. The inputs follow from a seed; the values
come from the packages, or from the plain formula in numpy where the key says so. Nothing of Clarity is used.
Every file is written as NAME.gz, without a time stamp, so that the same versions give the same bytes.
"""

import gzip
import json
import os
import sys
import warnings

import numpy as np
import pandas as pd
import pyActigraphy
from pyActigraphy.io import BaseRaw
from pyActigraphy.metrics.metrics import _lmx

warnings.filterwarnings("ignore")

# Name: seed, seconds of an epoch, days, start, hour of falling asleep, share of naps.
PEOPLE = {
    "synthetic_regular_60s": (101, 60, 7, "2024-01-08T00:00:00", 23.0, 0.0),
    "synthetic_shift_60s": (102, 60, 9, "2024-03-04T12:00:00", 7.5, 0.2),
    "synthetic_late_30s": (103, 30, 5, "2024-06-10T18:00:00", 2.0, 0.1),
}


def counts(seed, step_s, days, start, bed, naps):
    """Counts of an invented person: bursts while awake, stillness with short stirrings while asleep."""
    rng = np.random.default_rng(seed)
    index = pd.date_range(start, periods=days * 86400 // step_s, freq=f"{step_s}S")
    hour = index.hour + index.minute / 60 + index.second / 3600
    day = (index - index[0]).days.to_numpy()
    shift = rng.normal(0, 0.5, days + 1)[day]
    length = 7.3 + rng.normal(0, 0.4, days + 1)[day]
    asleep = ((hour.to_numpy() - bed - shift) % 24) < length
    nap = (rng.random(days + 1) < naps)[day] & (((hour.to_numpy() - bed - 14) % 24) < 0.8)
    level = np.repeat(rng.gamma(1.2, 1.0, len(index) * step_s // 600 + 1), 600 // step_s)[: len(index)]
    awake = rng.gamma(0.7, 220.0, len(index)) * level * (rng.random(len(index)) < 0.82)
    still = rng.gamma(0.5, 40.0, len(index)) * (rng.random(len(index)) < 0.12)
    values = np.where(asleep | nap, still, awake) * step_s / 60
    return pd.Series(np.floor(values), index=index, name="activity")


def number(value):
    value = float(value)
    return value if np.isfinite(value) else None


def clock(delta):
    return str(pd.Timestamp(0) + pd.Timedelta(delta))[11:19]


def nonparametric(raw, days):
    found = {}
    for name, binary in (("counts", False), ("binarized_gt4", True)):
        how = {"binarize": binary, "threshold": 4}
        values = {}
        for freq, suffix in (("1H", ""), ("30min", "_30min"), ("5min", "_5min")):
            values["IS" + suffix] = number(raw.IS(freq=freq, **how))
            values["IV" + suffix] = number(raw.IV(freq=freq, **how))
        values["ISm"], values["IVm"] = number(raw.ISm(**how)), number(raw.IVm(**how))
        data = raw.binarized_data(4) if binary else raw.data
        for key, period, lowest in (("L5", "5H", True), ("M10", "10H", False)):
            onset, value = _lmx(data, period, lowest=lowest)
            values[key] = {"value": number(value), "onset": clock(onset)}
        values["RA"] = number(raw.RA(**how))
        for period in ("3D",):
            for key in ("ISp", "IVp"):
                values[f"{key}_{period}"] = [number(v) for v in getattr(raw, key)(period=period, **how)]
            for key in ("L5p", "M10p", "RAp", "ADATp"):
                values[f"{key}_{period}"] = [number(v) for v in getattr(raw, key)(period=period, **how)]
        values["ADAT"] = number(raw.ADAT(rescale=True, exclude_ends=False, **how))
        values["ADAT_norescale"] = number(raw.ADAT(rescale=False, exclude_ends=False, **how))
        found[name] = values
    return found


def transitions(raw):
    found = {"threshold": 4}
    for key in ("kRA", "kAR"):
        value = number(getattr(raw, key)(4))
        found[f"{key}_all"] = value
        found[f"{key}_logit_all"] = number(np.log(value / (1 - value)))
    return found


def scoring(raw, step_s):
    found = {}

    def enter(name, scored, one=None):
        values = "".join("n" if np.isnan(v) else str(int(v)) for v in scored)
        entry = {"start": scored.index[0].isoformat(), "epoch_seconds": float(step_s), "n": len(values), "scores": values}
        if one:
            entry["one"] = one
        found[name] = entry

    enter("Sadeh", raw.Sadeh())
    enter("Scripps", raw.Scripps())
    for threshold in (20, 40, 80):
        enter(f"Oakley_{threshold}", raw.Oakley(threshold=threshold))
    enter("Crespo", raw.Crespo(), "active")
    enter("Roenneberg", raw.Roenneberg())
    return found


def sleep(scored):
    """Regularity over all pairs a day apart, by its formula."""
    found = {}
    for source, name in (("Sadeh", "Sadeh"), ("Scripps", "Scripps"), ("Oakley_40", "Oakley"), ("Roenneberg", "Roenneberg")):
        entry = scored[source]
        values = np.array([float(c) for c in entry["scores"]])
        lag = int(86400 / entry["epoch_seconds"])
        same = values[:-lag] == values[lag:]
        found[f"SRI_pairs_{name}"] = {"sri": number(200 * same.mean() - 100), "n_pairs": int(len(same))}
    return found


def cosinor(series):
    """Least squares at 24 hours, by numpy."""
    midnight = series.index[0].normalize()
    hours = ((series.index - midnight) / pd.Timedelta("1H")).to_numpy()
    angle = 2 * np.pi * hours / 24
    design = np.column_stack([np.ones(len(hours)), np.cos(angle), np.sin(angle)])
    mesor, cosine, sine = np.linalg.lstsq(design, series.to_numpy(), rcond=None)[0]
    rest = series.to_numpy() - design @ [mesor, cosine, sine]
    peak = np.arctan2(sine, cosine) * 24 / (2 * np.pi) % 24
    total = ((series - series.mean()) ** 2).sum()
    found = {"mesor": number(mesor), "beta_cos": number(cosine), "beta_sin": number(sine)}
    found |= {"amplitude": number(np.hypot(cosine, sine)), "acrophase_rad": number(np.arctan2(-sine, cosine))}
    found |= {"peak_clock_hours": number(peak), "rss": number(rest @ rest), "n": len(hours)}
    return {"closed_form_least_squares_24h": found | {"R2": number(1 - rest @ rest / total)}}


def write(path, text):
    with open(path + ".gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as packed:
        packed.write(text.encode())


def main(out):
    for name, (seed, step_s, days, start, bed, naps) in PEOPLE.items():
        series = counts(seed, step_s, days, start, bed, naps)
        raw = BaseRaw(
            name=name, uuid=name, format="RAW", axial_mode=None, start_time=series.index[0],
            period=series.index[-1] - series.index[0], frequency=pd.Timedelta(seconds=step_s),
            data=series, light=None,
        )
        scored = scoring(raw, step_s)
        software = {"pyActigraphy": pyActigraphy.__version__, "numpy": np.__version__, "pandas": pd.__version__}
        reference = {
            "meta": {"id": name, "epoch_seconds": float(step_s), "n_epochs": len(series), "software": software},
            "nonparametric": nonparametric(raw, days),
            "transition_probabilities": transitions(raw),
            "sleep": sleep(scored),
            "cosinor": cosinor(series),
        }
        folder = os.path.join(out, name)
        os.makedirs(folder, exist_ok=True)
        rows = "".join(f"{at.isoformat()},{value:.0f}\n" for at, value in series.items())
        write(os.path.join(folder, "input.csv"), "timestamp,activity\n" + rows)
        write(os.path.join(folder, "reference.json"), json.dumps(reference, indent=1))
        write(os.path.join(folder, "scoring.json"), json.dumps(scored))
        print(name, len(series), "epochs")


if __name__ == "__main__":
    main(*sys.argv[1:2])
