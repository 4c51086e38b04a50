"""Numbers with Go's meaning: measured cases, and laws against Python's own numbers."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxv2_migrate import errors
from fluxv2_migrate.golang import parse_number

VECTORS = Path(__file__).parent / "vectors" / "parse_float.jsonl"


def check_measured(lines: Iterable[str]) -> int:
    checked = 0
    for line in lines:
        case: dict[str, Any] = json.loads(line)
        for result in case["expected"]["results"]:
            checked += 1
            if not result["ok"]:
                with pytest.raises(errors.InvalidNumber) as refused:
                    parse_number(result["s"])
                assert refused.value.reason.endswith(result["error"]), line
                continue
            value = parse_number(result["s"])
            bits = "nan" if math.isnan(value) else struct.pack(">d", value).hex()
            assert bits == result["bits"], line
    return checked


def test_measured_numbers_of_our_own_selection() -> None:
    assert check_measured(VECTORS.read_text(encoding="utf-8").splitlines()) > 100


def test_every_measured_number(shared: Path) -> None:
    text = (shared / "vectors" / "parse_float.jsonl").read_text(encoding="utf-8")
    assert check_measured(text.splitlines()) > 200


@given(st.floats(allow_nan=False))
def test_what_python_writes_is_read_back(value: float) -> None:
    assert parse_number(repr(value)) == value
    if math.isfinite(value):
        assert parse_number(value.hex()) == value
        assert parse_number(f"{value:e}") == float(f"{value:e}")


@given(st.text("0123456789abcdefpx_.+-EPinty ", max_size=8))
def test_whatever_is_read_is_a_number_to_python(text: str) -> None:
    try:
        value = parse_number(text)
    except errors.InvalidNumber:
        return
    plain = text.replace("_", "")
    assert value == (float.fromhex(plain) if "x" in plain.lower() else float(plain)) or math.isnan(value)
    assert text == text.strip()


@given(st.integers(0, 10**20), st.integers(1, 19))
def test_an_underscore_between_digits_changes_nothing(number: int, place: int) -> None:
    digits = str(number)
    if place < len(digits):
        assert parse_number(f"{digits[:place]}_{digits[place:]}") == float(number)
    with pytest.raises(errors.InvalidNumber):
        parse_number(f"{digits}_")


@pytest.mark.parametrize(
    "text", ["", "+nan", "-nan", "ınf", "infi", "0x", "1\n", "0x1p", "0x_.8p0", "1_.5", "٣"]
)
def test_no_numbers(text: str) -> None:
    with pytest.raises(errors.InvalidNumber, match="invalid syntax"):
        parse_number(text)


@pytest.mark.parametrize("text", ["0x1p1024", "-0x1p" + "9" * 30, "1e" + "9" * 30, "9" * 400])
def test_too_large_numbers(text: str) -> None:
    with pytest.raises(errors.InvalidNumber, match="value out of range"):
        parse_number(text)


@pytest.mark.parametrize("text", ["0x1p-" + "9" * 30, "1e-" + "9" * 30, "0x0p" + "9" * 30, "0e" + "9" * 30])
def test_too_small_numbers_are_zero(text: str) -> None:
    assert parse_number(text) == 0
