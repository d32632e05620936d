import re
from pathlib import Path

import pytest

from flask_p2p_streams.errors import (
    ArgumentError,
    ConfigurationError,
    ErrorCode,
    P2PStreamsError,
    SignalingError,
)
from flask_p2p_streams.protocol.errors import EXPLANATIONS

CLIENT = Path(__file__).parents[2] / "static" / "js" / "base" / "errors.js"


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_says_what_happened_and_what_to_do(code: ErrorCode) -> None:
    explanation = EXPLANATIONS[code]
    assert explanation.message.endswith(".")
    assert explanation.hint.endswith(".")
    assert code.value == code.name.lower()


def test_the_client_has_the_same_table() -> None:
    entry = re.compile(
        r'  (\w+): \{\s+message: "(.*?)",\s+hint: "(.*?)",\s+retry: (true|false),\s+\},'
    )
    client = {
        code: (message, hint, retry == "true")
        for code, message, hint, retry in entry.findall(CLIENT.read_text(encoding="utf-8"))
    }
    assert client == {code.value: tuple(text) for code, text in EXPLANATIONS.items()}


def test_payload() -> None:
    payload = SignalingError(ErrorCode.FORBIDDEN).to_payload()
    assert set(payload) == {"code", "message", "hint", "retry"}
    assert payload["code"] == "forbidden"
    assert payload["retry"] is False


def test_payload_with_a_time() -> None:
    payload = SignalingError(ErrorCode.UNAVAILABLE, "Soon.", retry_after_ms=5).to_payload()
    assert payload["message"] == "Soon."
    assert payload["retry_after_ms"] == 5


def test_one_tree() -> None:
    for error in (ConfigurationError, ArgumentError, SignalingError):
        assert issubclass(error, P2PStreamsError)
    assert issubclass(ConfigurationError, ValueError)
    assert issubclass(ArgumentError, TypeError)
