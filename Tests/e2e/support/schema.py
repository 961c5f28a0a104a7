"""docs/protocol.schema.json as a check of single frames."""

import functools
import json

import jsonschema

from .processes import ROOT

PATH = ROOT / "docs" / "protocol.schema.json"


@functools.cache
def _validator(definition):
    schema = json.loads(PATH.read_text())
    del schema["oneOf"]
    schema["$ref"] = f"#/$defs/{definition}"
    return jsonschema.Draft202012Validator(schema)


def check(frame, direction):
    """Fails on a frame that the schema does not allow. `direction` is `server` or `client`."""
    if not PATH.exists():
        return
    error = jsonschema.exceptions.best_match(_validator(f"{direction}Frame").iter_errors(frame))
    assert error is None, f"the schema refuses {error.json_path}: {error.message}\n{json.dumps(frame)[:2000]}"
