"""`flask doctor`: says what is well, what is not and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text, update

from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.outbox import OutboxEvent
from storefront.search.services import rebuild_search
from tests.factories.accounts import make_customer
from tests.factories.catalog import make_product
from tests.factories.mail import send_by
from tests.providers.keys import private_bare, public_bare
from workers.doctor import examine
from workers.queues import QUEUES, connect, make_worker


def advice(app: Flask, name: str) -> str:
    db.session.rollback()
    return " ".join(finding.advice for finding in examine(app) if finding.name == name)


def change_settings(app: Flask, **changes: object) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], **changes)


def test_a_shop_that_lacks_nothing_exits_with_0(app: Flask) -> None:
    for name in QUEUES:
        make_worker(name, connect(app)).register_birth()
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert result.exit_code == 0, result.output
    assert "to do" not in result.output
    assert result.output.splitlines()[0].startswith("ok    settings  Plainsong at http://localhost")


def test_what_needs_doing_is_said_and_exits_with_1(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["doctor", "--json"])
    found: Sequence[dict[str, str]] = json.loads(result.output)
    assert result.exit_code == 1
    assert [one["name"] for one in found if one["advice"]] == ["workers"]
    assert "flask worker run mail" in next(one["advice"] for one in found if one["name"] == "workers")


def test_redis_away_is_said_with_what_it_costs(app: Flask) -> None:
    app.config["REDIS_URL"] = "redis://127.0.0.1:1"
    assert "correct REDIS_URL" in advice(app, "redis")


def test_a_worker_that_lives_is_known_again_after_redis_lost_everything(app: Flask) -> None:
    connection = connect(app)
    workers = [make_worker(name, connection) for name in QUEUES]
    for worker in workers:
        worker.register_birth()
    connection.flushall()
    assert "flask worker run mail" in advice(app, "workers")
    for worker in workers:
        worker.set_state("idle")  # RQ writes a part of what it lost
        worker.heartbeat()
    assert advice(app, "workers") == ""


def test_a_worker_that_was_killed_is_missed_when_its_key_is_gone(app: Flask) -> None:
    connection = connect(app)
    workers = [make_worker(name, connection) for name in QUEUES]
    for worker in workers:
        worker.register_birth()
    connection.delete(workers[0].key)  # nobody lets it live on
    assert advice(app, "workers") == "Start `flask worker run mail`."


@pytest.mark.schema
def test_a_look_that_fails_leaves_the_others_alone(app: Flask) -> None:
    db.session.execute(text("ALTER TABLE foundation_outbox_event RENAME TO elsewhere"))
    db.session.commit()
    said = {finding.name: finding.said for finding in examine(app)}
    assert "foundation_outbox_event" in said["outbox"]
    assert "can be written" in said["pages"]
    assert said["search"].startswith("there is no index")


@pytest.mark.schema
def test_a_database_of_another_age_wants_an_upgrade(app: Flask) -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    db.session.commit()
    assert advice(app, "database") == "Run `flask db upgrade`."


def test_a_mail_server_that_does_not_answer_is_said(app: Flask) -> None:
    send_by(app, "smtp://127.0.0.1:1")
    assert "correct SMTP_URL" in advice(app, "mail")
    change_settings(app, mail_from="nobody")
    assert "Set MAIL_FROM" in advice(app, "mail")


def test_files_instead_of_mails_are_for_the_demo_only(app: Flask) -> None:
    assert advice(app, "mail") == ""
    change_settings(app, is_demo=False)
    assert "Set SMTP_URL" in advice(app, "mail")


def test_no_way_to_pay_and_an_unknown_one_are_said(app: Flask) -> None:
    change_settings(app, payment_methods=())
    assert "Set PAYMENT_METHODS" in advice(app, "payments")
    change_settings(app, payment_methods=("shells",))
    assert "may name" in advice(app, "payments")


def test_a_folder_that_cannot_be_written_is_said(app: Flask) -> None:
    blocked = app.config["VAR_DIR"] / "file"
    blocked.write_text("")
    change_settings(app, media_dir=blocked / "media")
    assert "MEDIA_DIR" in advice(app, "media")


def test_an_event_that_waits_too_long_wants_a_relay(app: Flask) -> None:
    make_customer()
    assert advice(app, "outbox") == ""

    @transactional
    def wait() -> None:
        execute_counted(update(OutboxEvent).values(recorded_at=now() - timedelta(minutes=3)))

    wait()
    assert advice(app, "outbox").startswith("Start `flask worker relay`;")


def set_up_methods(app: Flask, *methods: str, **providers: str) -> None:
    change_settings(app, payment_methods=methods, providers=providers)


def test_a_method_without_its_settings_is_said_with_their_names(app: Flask) -> None:
    set_up_methods(app, "stripe", "alipay", "wechat", "transfer", "cash", WECHAT_MCH_ID="1900000001",
                   BANK_ACCOUNT_NAME="Plainsong Ltd", BANK_IBAN="IE29 AIBK 9311 5212 3456 79")
    said = {finding.said.split()[0]: finding for finding in examine(app) if finding.name == "payments"}
    assert "STRIPE_SECRET_KEY" in said["stripe"].said
    assert "ALIPAY_APP_ID, ALIPAY_PRIVATE_KEY, ALIPAY_PUBLIC_KEY" in said["alipay"].said
    assert "WECHAT_API_V3_KEY" in said["wechat"].said
    assert "WECHAT_MCH_ID" not in said["wechat"].said
    assert "BANK_IBAN (its length or its check digits do not fit" in said["transfer"].said
    assert "CASH_COUNTRIES" in said["cash"].said
    assert all("not offered" in finding.said and finding.advice for finding in said.values())


def test_a_method_for_another_currency_is_said(app: Flask) -> None:
    set_up_methods(app, "alipay", ALIPAY_APP_ID="1", ALIPAY_PRIVATE_KEY=private_bare("merchant"),
                   ALIPAY_PUBLIC_KEY=public_bare("alipay"))
    [finding] = [finding for finding in examine(app) if finding.name == "payments"]
    assert "takes CNY, and this shop sells for EUR" in finding.said
    change_settings(app, currency="CNY")
    assert advice(app, "payments") == ""


def test_test_keys_are_for_the_demo_only(app: Flask) -> None:
    set_up_methods(app, "stripe", STRIPE_SECRET_KEY="sk_test_1", STRIPE_WEBHOOK_SECRET="whsec_1")
    assert advice(app, "payments") == ""
    change_settings(app, is_demo=False)
    assert "live values" in advice(app, "payments")


def test_a_carrier_that_is_asked_and_not_believed_is_named(app: Flask) -> None:
    assert advice(app, "tracking") == ""
    change_settings(app, providers={"EASYPOST_API_KEY": "EZAK"})
    assert "EASYPOST_WEBHOOK_SECRET" in advice(app, "tracking")
    change_settings(app, providers={"EASYPOST_API_KEY": "EZAK", "EASYPOST_WEBHOOK_SECRET": "s"})
    assert advice(app, "tracking") == ""


def test_a_large_shop_without_an_index_of_today_is_told_what_to_run(app: Flask,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.doctor.SMALL", 1)

    def said() -> tuple[str, str]:
        db.session.rollback()
        [finding] = [finding for finding in examine(app) if finding.name == "search"]
        return finding.said, finding.advice

    make_product(slug="bowl")
    assert said()[0].startswith("there is no index")
    assert "worker of `default`" in said()[0]
    assert not said()[1]  # so small a shop gets it by itself
    make_product(slug="cup")
    assert said()[1] == "Run `flask search rebuild`."
    rebuild_search()
    assert said() == ("2 products are in the index", "")
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], locale="fr-FR")
    assert said()[0].startswith("the index was made by another reading")
    assert said()[1] == "Run `flask search rebuild`."
