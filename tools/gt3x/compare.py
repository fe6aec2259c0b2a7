"""Means of GT3X recordings with idle sleep mode: Clarity beside pygt3x and agcounts.

    compare.py CLARITY

Writes recordings whose device left out the seconds in which it was still, reads each with both, and ends with 1
where the mean ENMO or the mean counts differ by more than 1 %.
"""

import datetime
import json
import logging
import os
import struct
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
from agcounts.extract import get_counts
from pygt3x.reader import FileReader

TOLERANCE = 0.01
START = datetime.datetime(2024, 3, 4, 18, 0)
HOURS = 8
STILL_BEFORE_IDLE_S = 10
EVENT, PARAMETERS, ACTIVITY = 3, 21, 26
IDLE_BEGINS, IDLE_ENDS = b"\x08", b"\x09"
# Address 0x0002 0009: features, of which bit 2 is the idle sleep mode.
IDLE_ENABLED = bytes([0, 0, 2, 0, 4, 0, 0, 0])

logging.disable(logging.CRITICAL)


def ticks(time):
    """100 ns since the year 1, as .NET counts."""
    return int((time - datetime.datetime(1, 1, 1)).total_seconds()) * 10_000_000


def record(kind, second, content):
    head = struct.pack("<BBIH", 0x1E, kind, second, len(content)) + content
    check = 0
    for byte in head:
        check ^= byte
    return head + bytes([~check & 255])


def recording(path, rate, seed):
    """Somebody who sits down, lies still and turns over now and then, until the end in idle."""
    chance = np.random.default_rng(seed)
    first = int((START - datetime.datetime(1970, 1, 1)).total_seconds())
    log = [record(PARAMETERS, first, IDLE_ENABLED)]
    direction, still, idle = np.array([0.0, 0.0, 1.0]), 0, False
    for second in range(HOURS * 3600):
        awake = second < 3 * 3600
        moving = awake and second % 240 < 150 or not awake and second % 1500 < 20
        if moving and second % 5 == 0:
            direction = direction + chance.normal(scale=0.4, size=3)
            # Never upside down: then Clarity cannot calibrate, as the packages never do.
            direction[2] = abs(direction[2])
            direction /= np.linalg.norm(direction)
        noise = 0.2 if moving else 0.004
        samples = direction + chance.normal(scale=noise, size=(rate, 3))
        still = 0 if moving else still + 1
        if still > STILL_BEFORE_IDLE_S:
            if not idle:
                log.append(record(EVENT, first + second, IDLE_BEGINS))
            idle = True
            continue
        if idle:
            log.append(record(EVENT, first + second, IDLE_ENDS))
        idle = False
        raw = np.clip(np.round(samples * 256), -2048, 2047).astype("<i2")
        log.append(record(ACTIVITY, first + second, raw.tobytes()))
    end = START + datetime.timedelta(hours=HOURS)
    if idle:
        log.append(record(EVENT, first + HOURS * 3600, IDLE_ENDS))
    info = {
        "Serial Number": "TAS1E00000001", "Device Type": "Link", "Firmware": "1.7.2", "Battery Voltage": "4.12",
        "Sample Rate": rate, "Start Date": ticks(START), "Stop Date": ticks(end), "Last Sample Time": ticks(end),
        "TimeZone": "-05:00:00", "Download Date": ticks(end), "Board Revision": 8, "Unexpected Resets": 0,
        "Acceleration Scale": "256.0", "Acceleration Min": "-8.0", "Acceleration Max": "8.0",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("info.txt", "".join(f"{key}: {value}\r\n" for key, value in info.items()))
        archive.writestr("log.bin", b"".join(log))


def theirs(path, rate):
    with FileReader(path) as reader:
        axes = reader.to_pandas(calibrate=True)[["X", "Y", "Z"]].to_numpy()
    enmo = np.maximum(np.linalg.norm(axes, axis=1) - 1, 0) * 1000
    counts = get_counts(axes, freq=rate, epoch=60)
    return {"enmo": float(enmo.mean()), "counts_magnitude": float(np.linalg.norm(counts, axis=1).mean())}


def ours(clarity, path, channel, folder):
    out = os.path.join(folder, "results.json")
    command = [clarity, "analyze", path, "--out", out, "--channel", channel, "--epoch", "60",
               "--methods", "activity_mean", "--nonwear", "kept"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with open(out, encoding="utf-8") as file:
        measures = json.load(file)["recordings"][0]["measures"]
    return measures["activity_mean"]["value"]


def main():
    clarity, failed = sys.argv[1], 0
    with tempfile.TemporaryDirectory() as folder:
        for rate in (30, 60):
            path = os.path.join(folder, f"idle_{rate}hz.gt3x")
            recording(path, rate, rate)
            for channel, expect in theirs(path, rate).items():
                found = ours(clarity, path, channel, folder)
                apart = abs(found / expect - 1)
                failed += apart > TOLERANCE
                note = "" if apart <= TOLERANCE else "  DIFFERS"
                print(f"GT3X in idle sleep mode, {rate} Hz: {channel} {found:.3f}, by the maker's packages "
                      f"{expect:.3f} ({100 * apart:.2f} % apart){note}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
