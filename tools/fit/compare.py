"""Compares the values of FIT files with fitdecode: every field of every message, in order."""

import glob
import os
import re
import struct
import subprocess
import sys
import warnings

import fitdecode
import generate

warnings.simplefilter("ignore")
COUNT = 1000
PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLES = os.path.join(PROJECT, "..", "shared", "reference", "vendors", "garmin-fit", "export", "*.fit")


def shown(value):
    """A value as the example prints it."""
    if value is None:
        return "-"
    if isinstance(value, float):
        # Not a number is no value.
        return "-" if value != value else "f" + struct.pack(">d", value).hex()
    return str(value)


def settled(lines):
    """Lines in which a field of invalid values only is one: the other reader tells no number of them for bytes."""
    return [re.sub(r"=-(,-)+(?=;|$)", "=-", line) for line in lines]


def expected(path):
    lines = []
    with fitdecode.FitReader(path, check_crc=fitdecode.CrcCheck.DISABLED) as reader:
        for frame in reader:
            if frame.frame_type != fitdecode.FIT_FRAME_DATA:
                continue
            stamp, fields = None, []
            for field in frame.fields:
                if field.def_num == generate.STAMP and stamp is None:
                    stamp = field.raw_value
                if field.field_def is None or getattr(field.field_def, "is_dev", False):
                    continue
                raw = field.raw_value
                if isinstance(raw, str):
                    fields.append(f"{field.field_def.def_num}={raw.encode().hex() or '-'}")
                    continue
                if isinstance(raw, (bytes, bytearray)):
                    raw = tuple(raw)
                raw = raw if isinstance(raw, (tuple, list)) else (raw,)
                fields.append(f"{field.field_def.def_num}=" + ",".join(shown(v) for v in raw))
            lines.append(f"{frame.global_mesg_num} {'-' if stamp is None else stamp} " + ";".join(fields))
    return lines


def main(program, home):
    folder = os.path.join(home, "files")
    os.makedirs(folder, exist_ok=True)
    paths = sorted(glob.glob(SAMPLES))
    samples = len(paths)
    for seed in range(COUNT):
        path = os.path.join(folder, f"{seed}.fit")
        with open(path, "wb") as file:
            file.write(generate.make(seed))
        paths.append(path)
    told = subprocess.run([program, *paths], check=True, capture_output=True, text=True).stdout
    by_path = {}
    for line in told.splitlines():
        if line.startswith("file "):
            lines = by_path.setdefault(line[5:], [])
        else:
            lines.append(line)
    messages = values = 0
    for path in paths:
        want, have = settled(expected(path)), settled(by_path.get(path, []))
        if want != have:
            for number, (a, b) in enumerate(zip(want, have)):
                if a != b:
                    sys.exit(f"{path}, message {number}:\n  fitdecode {a}\n  here      {b}")
            sys.exit(f"{path}: {len(want)} messages by fitdecode, {len(have)} here")
        messages += len(want)
        values += sum(line.count("=") for line in want)
    print(f"FIT beside fitdecode: {samples} samples and {COUNT} generated files, {messages} messages, {values} fields: equal")


main(*sys.argv[1:])
