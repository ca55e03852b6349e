"""What carriers say of parcels: verified, kept once, and the same timeline whatever the order of the messages."""

import hashlib
import itertools
import json
import unicodedata
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hmac import new
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.shipping.carriers.port import CarrierUnavailable, InvalidTracking, ParcelStatus, Sighting
from storefront.shipping.carriers.registry import TRACKERS, carrier_code, find_tracker, tracking_page
from storefront.shipping.models import Parcel, TrackingEvent, TrackingMessage
from storefront.shipping.tracking import add_sighting, apply_message, follow_parcel, read_parcel, register_parcel
from tests.conftest import SHARED
from tests.factories.orders import count
from tests.storefront.inventory.test_services import in_parallel

GENERIC, EASYPOST = "a carrier's secret", "wébhook-secret"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def shop(app: Flask) -> Flask:
    """A shop that knows both secrets."""
    know(app, CARRIER_WEBHOOK_SECRET=GENERIC, EASYPOST_WEBHOOK_SECRET=EASYPOST)
    return app


def know(app: Flask, **providers: str) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], providers=providers)


def message(**said: object) -> bytes:
    return json.dumps({"event_id": "e1", "carrier": "An Post", "tracking_number": "CE1", "status": "in_transit",
                       "text": "Sorted", "place": "Athlone", "occurred_at": NOON.isoformat(), **said}).encode()


def generic(body: bytes, *, at: int | None = None, secret: str = GENERIC) -> dict[str, str]:
    stamp = str(int(now().timestamp()) if at is None else at)
    signed = new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"Tracking-Timestamp": stamp, "Tracking-Signature": signed}


def easypost(body: bytes, secret: str = EASYPOST) -> dict[str, str]:
    key = unicodedata.normalize("NFKD", secret).encode()
    return {"X-Hmac-Signature": "hmac-sha256-hex=" + new(key, body, hashlib.sha256).hexdigest()}


def tracker_event(event_id: str, *details: tuple[str, int], status: str = "in_transit") -> bytes:
    """An event of EasyPost: (status, hours after noon) for each detail."""
    lines = [{"object": "TrackingDetail", "message": name, "status": name,
              "datetime": (NOON + timedelta(hours=hours)).isoformat(),
              "tracking_location": {"city": "ENNIS", "state": None, "country": "IE"}} for name, hours in details]
    return json.dumps({"id": event_id, "description": "tracker.updated", "object": "Event", "result": {
        "id": "trk_1", "tracking_code": "CE1", "carrier": "AnPost", "status": status,
        "updated_at": NOON.isoformat(), "tracking_details": lines}}).encode()


def post(client: FlaskClient, tracker: str, body: bytes, headers: dict[str, str]) -> TestResponse:
    response = client.post(f"/webhooks/tracking/{tracker}", data=body, headers=headers,
                           content_type="application/json")
    db.session.rollback()
    return response


def timeline(number: str = "CE1") -> list[tuple[str, str]]:
    db.session.rollback()
    parcel = db.session.scalars(select(Parcel).where(Parcel.tracking_number == number)).one()
    return [(event.status.value, event.place) for event in read_parcel(parcel.id).events]


@pytest.mark.usefixtures("shop")
def test_a_signed_message_is_stored_once_and_worked_by_a_job(
        client: FlaskClient, run_jobs: Callable[[], int]) -> None:
    body = message()
    assert [post(client, "generic", body, generic(body)).status_code for _ in range(2)] == [204, 204]
    assert (count(TrackingMessage), count(TrackingEvent), count(Parcel)) == (1, 0, 0)
    run_jobs()
    assert timeline() == [("in_transit", "Athlone")]
    row = db.session.scalars(select(TrackingMessage)).one()
    assert row.handled_at is not None
    assert apply_message(message_id=row.id) == 0
    assert count(TrackingEvent) == 1


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("case", [
    "no signature", "wrong secret", "stale", "early", "no time", "changed", "reserialized", "not JSON", "no zone",
    "no number", "unknown status", "too large", "deep", "NUL id"])
def test_what_is_forged_stale_or_unreadable_changes_nothing(client: FlaskClient, case: str) -> None:  # fault 38
    body = message()
    moment = int(now().timestamp())
    bodies = {"not JSON": b"hello", "no zone": message(occurred_at="2026-11-21T12:00:00"),
              "no number": message(tracking_number=" "), "unknown status": message(status="lost"),
              "too large": message(text="x" * 70_000), "deep": b"[" * 5000 + b"]" * 5000,
              "NUL id": message(event_id="a\0b")}
    body = bodies.get(case, body)
    headers = {"no signature": {}, "wrong secret": generic(body, secret="other"),
               "stale": generic(body, at=moment - 301), "early": generic(body, at=moment + 330),
               "no time": {"Tracking-Signature": generic(body)["Tracking-Signature"]},
               "changed": generic(message(event_id="e2")),
               "reserialized": generic(json.dumps(json.loads(message()), indent=1).encode()),
               }.get(case, generic(body))
    assert post(client, "generic", body, headers).status_code == 400
    assert (count(TrackingMessage), count(Parcel), count(TrackingEvent)) == (0, 0, 0)


@pytest.mark.usefixtures("shop")
def test_a_forged_event_of_easypost_changes_nothing(client: FlaskClient) -> None:  # fault 38
    body = tracker_event("evt_1", ("in_transit", 0))
    for headers in ({}, easypost(body, "other"), {"X-Hmac-Signature": "hmac-sha256-hex=é"},
                    {"X-Hmac-Signature": easypost(body)["X-Hmac-Signature"].removeprefix("hmac-sha256-hex=")},
                    easypost(body + b" ")):
        assert post(client, "easypost", body, headers).status_code == 400
    for body in (b"{}", b'{"id":"e","description":"tracker.updated"}', b"\xff"):
        assert post(client, "easypost", body, easypost(body)).status_code == 400
    assert count(TrackingMessage) == 0


def test_without_a_secret_nobody_is_believed(client: FlaskClient) -> None:
    body = message()
    for tracker in ("generic", "easypost", "nobody"):
        assert post(client, tracker, body, {}).status_code == 404
    assert post(client, "manual", body, {}).status_code == 400


@pytest.mark.usefixtures("shop")
def test_the_real_event_of_easypost_is_read(client: FlaskClient, run_jobs: Callable[[], int]) -> None:
    path = SHARED / "data" / "easypost" / "event-body.json"
    if not path.exists():
        pytest.skip("EasyPost's published payload is not on this machine")
    body = path.read_bytes()
    assert post(client, "easypost", body, easypost(body)).status_code == 204
    run_jobs()
    assert timeline("1") == [
        ("announced", "US"), ("in_transit", "ORLANDO, FL, US"), ("in_transit", "ORLANDO, FL, US"),
        ("in_transit", "ORLANDO, FL, US"), ("in_transit", "KENLY, NC, US"), ("in_transit", "EDISON TWP, NJ, US"),
        ("in_transit", "EDISON, NJ, US")]
    parcel = db.session.scalars(select(Parcel)).one()
    assert (parcel.carrier, parcel.status, parcel.delivered_at) == ("FedEx", ParcelStatus.IN_TRANSIT, None)
    assert parcel.tracking_url == "https://www.fedex.com/fedextrack/?trknbr=1"


@pytest.mark.usefixtures("shop")
def test_an_event_about_something_else_is_kept_and_left_alone(
        client: FlaskClient, run_jobs: Callable[[], int]) -> None:
    body = b'{"id":"evt_9","description":"batch.created","result":{"object":"Batch"}}'
    assert post(client, "easypost", body, easypost(body)).status_code == 204
    run_jobs()
    assert (count(TrackingMessage), count(Parcel)) == (1, 0)


MESSAGES = [tracker_event("evt_1", ("pre_transit", 0)),
            tracker_event("evt_2", ("pre_transit", 0), ("in_transit", 2)),
            tracker_event("evt_3", ("pre_transit", 0), ("in_transit", 2), ("out_for_delivery", 20)),
            tracker_event("evt_4", ("in_transit", 2), ("out_for_delivery", 20), ("delivered", 22))]


@pytest.mark.usefixtures("shop")
def test_every_order_of_the_messages_ends_in_the_same_timeline(client: FlaskClient) -> None:  # fault 36
    for run, order in enumerate(itertools.permutations(range(4))):
        for at in [*order, order[0]]:
            body = MESSAGES[at].replace(b'"evt_', f'"evt_{run}_'.encode()).replace(b'"CE1"', f'"CE{run}"'.encode())
            assert post(client, "easypost", body, easypost(body)).status_code == 204
        for row_id in db.session.scalars(select(TrackingMessage.id).where(TrackingMessage.handled_at.is_(None))
                                         .order_by(TrackingMessage.id)).all():
            apply_message(message_id=row_id)
        assert timeline(f"CE{run}") == [("announced", "ENNIS, IE"), ("in_transit", "ENNIS, IE"),
                                        ("out_for_delivery", "ENNIS, IE"), ("delivered", "ENNIS, IE")]
        parcel = db.session.scalars(select(Parcel).where(Parcel.tracking_number == f"CE{run}")).one()
        assert (parcel.status, parcel.delivered_at) == (ParcelStatus.DELIVERED, NOON + timedelta(hours=22))
    assert (count(Parcel), count(TrackingMessage)) == (24, 96)


@pytest.mark.usefixtures("shop")
def test_one_message_worked_by_eight_at_once_is_one_line(app: Flask, client: FlaskClient) -> None:  # fault 35
    body = message()
    post(client, "generic", body, generic(body))
    row_id = db.session.scalars(select(TrackingMessage.id)).one()
    results = in_parallel(app, 8, lambda: apply_message(message_id=row_id))
    assert sorted(results, key=str) == [0] * 7 + [1]
    assert timeline() == [("in_transit", "Athlone")]


def test_what_staff_tell_is_kept_once_and_what_cannot_be_printed_is_not(app: Flask) -> None:
    parcel_id = register_parcel(carrier="Bertie's van", tracking_number="7")
    sighting = Sighting("manual:1", ParcelStatus.PROBLEM, "Gate\0 closed\n", "x" * 999, NOON)
    assert [add_sighting(parcel_id=parcel_id, sighting=sighting, actor="staff:1") for _ in range(2)] == [True, False]
    event = read_parcel(parcel_id).events[0]
    assert (event.text, len(event.place), event.actor) == ("Gate closed", 200, "staff:1")


def test_a_parcel_on_its_way_back_is_not_delivered(app: Flask) -> None:
    parcel_id = register_parcel(carrier="", tracking_number="7")
    for status, hours in ((ParcelStatus.DELIVERED, 0), (ParcelStatus.RETURNED, 1)):
        add_sighting(parcel_id=parcel_id, actor="carrier",
                     sighting=Sighting(status.value, status, "", "", NOON + timedelta(hours=hours)))
    assert (read_parcel(parcel_id).status, read_parcel(parcel_id).delivered_at) == (ParcelStatus.RETURNED, None)


@pytest.mark.usefixtures("shop")
def test_a_parcel_that_was_told_of_before_it_was_registered_keeps_its_timeline(
        client: FlaskClient, run_jobs: Callable[[], int]) -> None:
    body = message()
    post(client, "generic", body, generic(body))
    run_jobs()
    parcel_id = register_parcel(carrier="anpost", tracking_number=" ce 1")
    assert len(read_parcel(parcel_id).events) == 1
    assert count(Parcel) == 1


def test_carriers_are_known_by_any_spelling(app: Flask) -> None:
    assert carrier_code("An Post") == carrier_code("AN-POST") == "anpost"
    assert tracking_page("Royal Mail", "A B/1") == "https://www.royalmail.com/track-your-item#/tracking-results/A%20B%2F1"
    assert tracking_page("Bertie", "1") == tracking_page("Bertie", "1", "http://insecure.example/1") == ""
    assert {tracker.code for tracker in TRACKERS} == {"easypost", "generic", "manual"}
    with pytest.raises(InvalidTracking):
        find_tracker("manual").verify_webhook(b"", {})


class FakeEasyPost(BaseHTTPRequestHandler):
    """Their trackers: the same code twice is one; `status` is what it answers with."""

    status = 201
    asked: list[tuple[str, str, dict[str, object]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, self.headers["Authorization"], body))
        answer = json.dumps({"id": f"trk_{body['tracker']['tracking_code']}"}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        """Nothing to standard error."""


@pytest.fixture
def provider() -> Iterator[str]:
    FakeEasyPost.asked, FakeEasyPost.status = [], 201
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeEasyPost)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v2"
    server.shutdown()
    server.server_close()
    thread.join()


def test_easypost_is_asked_once_to_follow_a_parcel(app: Flask, provider: str, run_jobs: Callable[[], int]) -> None:
    know(app, EASYPOST_API_KEY="EZAK", EASYPOST_API_BASE=provider)
    parcel_id = register_parcel(carrier="FedEx", tracking_number="77")
    run_jobs()
    assert FakeEasyPost.asked == [("/v2/trackers", "Basic RVpBSzo=",
                                   {"tracker": {"tracking_code": "77", "carrier": "FedEx"}})]
    assert not follow_parcel(parcel_id=parcel_id)
    assert len(FakeEasyPost.asked) == 1
    assert db.session.get_one(Parcel, parcel_id).follower_reference == "trk_77"


def test_with_easypost_away_it_is_asked_again_later(app: Flask, provider: str) -> None:
    know(app, EASYPOST_API_KEY="EZAK", EASYPOST_API_BASE=provider)
    parcel_id = register_parcel(carrier="FedEx", tracking_number="77")
    FakeEasyPost.status = 500
    with pytest.raises(CarrierUnavailable):
        follow_parcel(parcel_id=parcel_id)
    FakeEasyPost.status = 201
    assert follow_parcel(parcel_id=parcel_id)


def test_without_a_key_nobody_is_asked(app: Flask) -> None:
    assert not follow_parcel(parcel_id=register_parcel(carrier="FedEx", tracking_number="77"))
    assert not follow_parcel(parcel_id=uuid.uuid4())
