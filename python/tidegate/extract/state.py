"""What a resource's code keeps between runs: `current.resource_state()` and `source_state()`.

The dicts are read when they are first asked for, and written when a resource has been read to its end,
into the load that brings its rows. Resources of a source that are read by turns share them. Values are JSON; datetimes, dates, times, decimals and bytes
are marked as dlt marks them.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import json
from typing import Any

# dlt puts a private-use character before the text of a value that is no JSON.
_DECIMAL, _DATETIME, _DATE, _UUID, _HEX, _BINARY, _WEI, _TIME = (chr(0xF026 + n) for n in range(8))


def _text(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
        return _DATETIME + moment.isoformat()
    if isinstance(value, datetime.date):
        return _DATE + value.isoformat()
    if isinstance(value, datetime.time):
        return _TIME + value.isoformat()
    if isinstance(value, decimal.Decimal):
        return _DECIMAL + str(value)
    if type(value).__module__ == "uuid":
        return _UUID + str(value)
    if isinstance(value, (bytes, bytearray)):
        return _BINARY + base64.b64encode(value).decode()
    raise TypeError(f"a state cannot keep a value of type {type(value).__name__}")


def _uuid(text: str) -> Any:
    import uuid

    return uuid.UUID(text)


_FROM_MARK = {
    _DATETIME: datetime.datetime.fromisoformat,
    _DATE: datetime.date.fromisoformat,
    _TIME: datetime.time.fromisoformat,
    _DECIMAL: decimal.Decimal,
    _UUID: _uuid,
    _BINARY: base64.b64decode,
    _HEX: bytes.fromhex,
    _WEI: decimal.Decimal,
}


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _value(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_value(each) for each in value]
    if isinstance(value, str) and value[:1] in _FROM_MARK:
        return _FROM_MARK[value[0]](value[1:])
    return value


def encode_value(value: Any) -> str:
    """A value as JSON, as dlt writes it.

    Raises:
        TypeError: It is of a type that a state cannot keep.
    """
    return json.dumps(value, default=_text, ensure_ascii=False, sort_keys=True)


def decode_value(text: str | bytes) -> Any:
    """A value of its JSON.

    Example:
        >>> decode_value(encode_value([datetime.date(2024, 5, 1), 100]))
        [datetime.date(2024, 5, 1), 100]
    """
    return _value(json.loads(text))


def encode(state: dict[str, Any]) -> str:
    """A state as JSON, as dlt writes it.

    Raises:
        TypeError: A value is of a type that it cannot keep.

    Example:
        >>> encode({"n": 1})
        '{"n": 1}'
    """
    return json.dumps(state, default=_text, ensure_ascii=False)


def decode(text: str | None) -> dict[str, Any]:
    """A state of its JSON; None: an empty one.

    Example:
        >>> decode('{"n": 1}')
        {'n': 1}
    """
    decoded: dict[str, Any] = _value(json.loads(text)) if text else {}
    return decoded


class RunState:
    """The dicts of a source that the code of its resources has asked for while a run reads them.

    Args:
        core: The extension's pipeline, which has them as JSON.
    """

    def __init__(self, core: Any) -> None:
        self._core = core
        self._dicts: dict[str | None, tuple[dict[str, Any], str]] = {}

    def get(self, resource: str | None) -> dict[str, Any]:
        """The dict of a resource, or (None) of the source; the same object each time."""
        if resource not in self._dicts:
            kept = decode(self._core.state(resource))
            self._dicts[resource] = (kept, encode(kept))
        return self._dicts[resource][0]

    def flush(self) -> None:
        """Writes those that have changed; resources that are still read may change them further."""
        for resource, (kept, before) in self._dicts.items():
            now = encode(kept)
            if now != before:
                self._core.set_state(resource, now)
                self._dicts[resource] = (kept, now)
