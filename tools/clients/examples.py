"""Every example of the document fits the schema that stands beside it, formats included.

    python examples.py openapi.json
"""

import json
import sys

from jsonschema import Draft202012Validator, FormatChecker

document = json.load(open(sys.argv[1], encoding="utf-8"))
wrong = []
checked = 0


def resolve(value):
    while "$ref" in value:
        target = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def check(where, kind, content):
    global checked
    if "example" not in content or "schema" not in content:
        return False
    schema = {**content["schema"], "components": document["components"]}
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    for error in validator.iter_errors(content["example"]):
        wrong.append(f"{where} {kind} at /{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    checked += 1
    return True


for path, item in document["paths"].items():
    for method, operation in item.items():
        where = f"{operation['operationId']} ({method.upper()} {path})"
        found = False
        without_body = False
        if "requestBody" in operation:
            for kind, content in resolve(operation["requestBody"])["content"].items():
                found |= check(f"{where} request", kind, content)
        for status, response in operation["responses"].items():
            response = resolve(response)
            without_body |= status == "204"
            for kind, content in response.get("content", {}).items():
                found |= check(f"{where} {status}", kind, content)
        if not found and not without_body:
            wrong.append(f"{where} has no example")

for line in wrong:
    print(line, file=sys.stderr)
print(f"examples: {checked} checked, {len(wrong)} wrong")
sys.exit(1 if wrong else 0)
