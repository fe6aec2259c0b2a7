"""The story of one person, through the client that is generated from the document.

    python story.py ADDRESS EXPORT.xml

Register, import, wait, read, insight, export, purge, and nothing is left. Answers are parsed by the
generated models, so an answer that is not as documented fails here.
"""

import datetime
import io
import json
import sys
import time
import uuid

from clarity_client import AuthenticatedClient, Client
from clarity_client.api.accounts import get_account, list_sessions, login, logout, register
from clarity_client.api.export import export_health_data, purge_health_data
from clarity_client.api.imports import create_import, get_import, list_imports
from clarity_client.api.insights import get_daily_insight, get_insight, get_insight_status
from clarity_client.api.operations import get_health
from clarity_client.api.person import get_profile, replace_profile
from clarity_client.api.reading import (
    get_anomalies,
    get_cardio,
    get_rhythm,
    get_series,
    get_trend,
    get_workout,
    list_daily_summaries,
    list_metric_types,
    list_nights,
    list_samples,
    list_workouts,
)
from clarity_client.api.uploads import get_processing, upload_health_data
from clarity_client.models import ExportHealthDataFormat, Login, OneValue, Profile, Registration
from clarity_client.types import File

address, export_file = sys.argv[1:3]
calls = 0


def done(response, status):
    global calls
    calls += 1
    assert response.status_code == status, (response.status_code, response.content[:500])
    assert response.parsed is not None or status == 204, response.content[:500]
    return response.parsed


# The export's days, moved so that its last one is yesterday.
yesterday = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=1)


def day(number):
    """The date that stands for this day of November in the export."""
    return yesterday - datetime.timedelta(days=19 - number)



anyone = Client(base_url=address)
done(get_health.sync_detailed(client=anyone), 200)
assert len(done(list_metric_types.sync_detailed(client=anyone), 200).data) > 100
email = f"ada-{uuid.uuid4().hex[:8]}@example.org"
password = "correct horse battery"
done(register.sync_detailed(client=anyone, body=Registration(email=email, password=password)), 201)
tokens = done(login.sync_detailed(client=anyone, body=Login(email=email, password=password)), 200)
ada = AuthenticatedClient(base_url=address, token=tokens.access_token)

assert done(get_account.sync_detailed(client=ada), 200).email == email
assert len(done(list_sessions.sync_detailed(client=ada), 200).data) == 2
profile = Profile(time_zone="Europe/London", height_cm=168.0)
done(replace_profile.sync_detailed(client=ada, body=profile), 200)
assert done(get_profile.sync_detailed(client=ada), 200).time_zone == "Europe/London"

with open(export_file, encoding="utf-8") as file:
    text = file.read()
for number in (17, 18, 19):
    text = text.replace(f"2026-11-{number}", str(day(number)))
body = File(payload=io.BytesIO(text.encode()), file_name="export.xml")
taken = done(create_import.sync_detailed(client=ada, body=body, idempotency_key=str(uuid.uuid4())), 202)
assert taken.accepted == 9, taken
for _ in range(300):
    state = done(get_import.sync_detailed(taken.processing_id, client=ada), 200)
    if state.status not in ("received", "processing"):
        break
    time.sleep(0.1)
assert state.status == "completed", state
assert len(done(list_imports.sync_detailed(client=ada), 200).data) == 1

start, end = day(17), day(20)
days = done(list_daily_summaries.sync_detailed(client=ada, start=start, end=end), 200)
assert days.data, "no days"
assert done(list_nights.sync_detailed(client=ada, start=start, end=end), 200).data, "no nights"
assert done(get_cardio.sync_detailed(client=ada, start=start, end=end), 200).data, "no hearts"
done(get_rhythm.sync_detailed(client=ada, start=start, end=end), 200)
done(get_anomalies.sync_detailed(client=ada, start=start, end=end), 200)
done(get_trend.sync_detailed(client=ada, metric="resting_heart_rate", end=end), 200)
done(get_series.sync_detailed("heart_rate", client=ada, start=start, end=end), 200)
workouts = done(list_workouts.sync_detailed(client=ada), 200).data
assert [workout.activity for workout in workouts] == ["running"], workouts
done(get_workout.sync_detailed(workouts[0].id, client=ada), 200)

value = {"metric": "heart_rate", "value": 61.0, "recorded_at": f"{day(19)}T08:00:00Z"}
upload = done(upload_health_data.sync_detailed(client=ada, body=OneValue.from_dict(value)), 202)
assert upload.accepted == 1, upload
done(get_processing.sync_detailed(upload.processing_id, client=ada), 200)
rows = done(list_samples.sync_detailed(client=ada, metric="heart_rate"), 200).data
assert len(rows) == 3, rows

for _ in range(300):
    status = done(get_insight_status.sync_detailed(client=ada), 200)
    if status.status == "ready":
        break
    time.sleep(0.1)
insight = done(get_daily_insight.sync_detailed(client=ada), 200)
done(get_insight.sync_detailed(insight.id, client=ada), 200)

calls += 1
export = export_health_data.sync_detailed(client=ada, format_=ExportHealthDataFormat.JSON)
assert export.status_code == 200, export.content[:500]
assert len(json.loads(export.content)["samples"]) == 10, export.content[:500]
receipt = done(purge_health_data.sync_detailed(client=ada), 200)
assert receipt.signed_text
assert done(list_samples.sync_detailed(client=ada), 200).data == []
assert done(list_workouts.sync_detailed(client=ada), 200).data == []
done(logout.sync_detailed(client=ada), 204)
print(f"story through the generated client: {calls} calls, every answer parsed")
