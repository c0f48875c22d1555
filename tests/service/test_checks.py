from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.checks import check_batch, check_complaint
from service.errors import ApiError

TEXT = "服务太差了，等了一个小时"


def fault_of(sent: object) -> ApiError:
    """The fault found in what was sent."""
    with pytest.raises(ApiError) as caught:
        check_complaint(sent)
    assert caught.value.status == 422
    return caught.value


def test_a_full_complaint_passes() -> None:
    """Every field of the contract is taken as sent."""
    checked = check_complaint(
        {
            "text": TEXT,
            "id": "A-1",
            "channel": "app",
            "product": "轻氧2代",
            "region": "人民广场 店",
            "customer": {"id": "C1", "tier": "vip"},
            "occurred_at": "2025-06-01T12:30:00+08:00",
            "metadata": {"a": 1, "b": 1.5, "c": True, "d": None, "e": "x"},
            "store": False,
        }
    )
    assert checked.occurred_at == datetime(2025, 6, 1, 4, 30, tzinfo=UTC)
    assert checked.customer is not None
    assert checked.customer.tier == "vip"


@pytest.mark.parametrize("text", ["", " ", "差", "\0", "👎" * 10, "x" * 100_000])
def test_a_text_that_says_little_is_no_fault(text: str) -> None:
    """Whether a text can be judged is for the library to say."""
    assert check_complaint({"text": text}).text == text


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        ({}, "text", "field_missing"),
        ({"text": None}, "text", "invalid_type"),
        ({"text": 1}, "text", "invalid_type"),
        ({"text": [TEXT]}, "text", "invalid_type"),
        ({"text": "x" * 100_001}, "text", "too_long"),
        ({"text": TEXT, "txet": 1}, "txet", "field_unknown"),
        ({"text": TEXT, "id": 42}, "id", "invalid_type"),
        ({"text": TEXT, "id": "x" * 129}, "id", "too_long"),
        ({"text": TEXT, "channel": "x" * 65}, "channel", "too_long"),
        ({"text": TEXT, "product": "x" * 65}, "product", "too_long"),
        ({"text": TEXT, "customer": "C1"}, "customer", "invalid_type"),
        ({"text": TEXT, "customer": {"name": "x"}}, "customer.name", "field_unknown"),
        ({"text": TEXT, "customer": {"tier": 1}}, "customer.tier", "invalid_type"),
        ({"text": TEXT, "store": "yes"}, "store", "invalid_type"),
        ({"text": TEXT, "store": 1}, "store", "invalid_type"),
        ({"text": TEXT, "occurred_at": 1700000000}, "occurred_at", "invalid_moment"),
        ({"text": TEXT, "occurred_at": "yesterday"}, "occurred_at", "invalid_moment"),
        ({"text": TEXT, "occurred_at": "2025-06-01T12:30:00"}, "occurred_at", "invalid_moment"),
        (
            {"text": TEXT, "occurred_at": "0001-01-01T00:00:00+14:00"},
            "occurred_at",
            "invalid_moment",
        ),
        (
            {"text": TEXT, "occurred_at": "9999-12-31T23:59:59-12:00"},
            "occurred_at",
            "invalid_moment",
        ),
        ({"text": TEXT, "metadata": []}, "metadata", "invalid_type"),
        ({"text": TEXT, "metadata": {"a": [1]}}, "metadata", "invalid_metadata"),
        ({"text": TEXT, "metadata": {"a": "x" * 1001}}, "metadata", "invalid_metadata"),
        ({"text": TEXT, "metadata": {"x" * 65: 1}}, "metadata", "invalid_metadata"),
        ({"text": TEXT, "metadata": {str(n): n for n in range(51)}}, "metadata", "too_many_items"),
        ([], None, "invalid_type"),
        ("text", None, "invalid_type"),
        (None, None, "invalid_type"),
    ],
)
def test_what_breaks_the_schema_is_named(sent: object, field: str | None, code: str) -> None:
    """The first fault is told with its field and a code that a program can read."""
    fault = fault_of(sent)
    assert (fault.field, fault.code) == (field, code)
    assert field is None or field in fault.message


def test_no_message_quotes_what_was_sent() -> None:
    """Complaint text in the wrong place does not come back."""
    for sent in ({"text": [TEXT]}, {"text": TEXT, "customer": TEXT}, {"text": TEXT, "store": TEXT}):
        assert TEXT not in fault_of(sent).message


def test_an_unknown_fields_name_is_cut_and_masked() -> None:
    """A text sent as a field's name is not repeated whole, personal data not at all."""
    fault = fault_of({"text": TEXT, "我的手机13800001111" + "很" * 500: 1})
    assert "13800001111" not in fault.message
    assert len(fault.message) < 120


def test_a_moment_five_minutes_ahead_passes_and_six_does_not() -> None:
    """Clocks differ a little; a complaint from the future is a mistake."""
    soon = (datetime.now(UTC) + timedelta(minutes=4)).isoformat()
    later = (datetime.now(UTC) + timedelta(minutes=6)).isoformat()
    assert check_complaint({"text": TEXT, "occurred_at": soon}).occurred_at is not None
    assert fault_of({"text": TEXT, "occurred_at": later}).field == "occurred_at"


def test_very_many_faults_are_counted_and_not_listed() -> None:
    """A hundred thousand unknown fields are answered at once."""
    fault = fault_of({"text": TEXT, "customer": {str(n): 1 for n in range(100_000)}})
    assert "100000" in fault.message


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        ({}, "items", "field_missing"),
        ({"items": {}}, "items", "invalid_type"),
        ({"items": []}, "items", "too_few_items"),
        ({"items": [1] * 201}, "items", "too_many_items"),
        ({"items": [1], "more": 1}, "more", "field_unknown"),
        ([{"text": TEXT}], None, "invalid_type"),
    ],
)
def test_a_batch_needs_1_to_200_items(sent: object, field: str | None, code: str) -> None:
    """The batch itself is checked before its items."""
    with pytest.raises(ApiError) as caught:
        check_batch(sent)
    assert (caught.value.field, caught.value.code) == (field, code)


def test_the_items_of_a_batch_are_not_checked_with_it() -> None:
    """One bad item is no fault of the batch."""
    assert check_batch({"items": [{"text": TEXT}, 3]}) == [{"text": TEXT}, 3]


def test_the_place_of_an_item_leads_its_fields() -> None:
    """A fault in a batch says in which item it is."""
    with pytest.raises(ApiError) as caught:
        check_complaint({"text": 1}, place="items[3].")
    assert caught.value.field == "items[3].text"
    with pytest.raises(ApiError) as caught:
        check_complaint(3, place="items[3].")
    assert caught.value.field == "items[3]"
