"""Letters wait in a table until the mail server takes them, whatever happens to messages."""

from datetime import timedelta

from django.core import mail
from django.db import transaction
from django.test import override_settings

from accounts.letters import Letter, post
from accounts.mailing import due_letters, send_if_due
from accounts.models import PendingLetter
from accounts.tasks import send_letters
from config.celery import app
from kit import clock
from tests.support.together import together
from tests.support.world import World

_REFUSING = "django.core.mail.backends.smtp.EmailBackend"


def waiting() -> list[PendingLetter]:
    return list(PendingLetter.objects.using("system").order_by("created_at"))


def age(*, hours: int) -> None:
    moment = clock.now() - timedelta(hours=hours)
    PendingLetter.objects.using("system").update(created_at=moment, next_attempt_at=moment)


def test_a_letter_whose_message_was_lost_is_sent_by_the_sweep(world: World) -> None:
    post(Letter.PASSWORD_RESET, "alice@example.com")
    app.control.purge()
    assert [one.to for one in waiting()] == ["alice@example.com"]
    send_letters()
    send_letters()
    assert [one.recipients() for one in mail.outbox] == [["alice@example.com"]]
    assert waiting() == []


def test_messages_at_the_same_time_send_one_letter(world: World) -> None:
    post(Letter.PASSWORD_RESET, "alice@example.com")
    (letter_id,) = due_letters()
    assert sum(together([lambda: send_if_due(letter_id)] * 5)) == 1
    assert len(mail.outbox) == 1


def test_a_letter_of_an_act_that_is_undone_is_never_sent(world: World) -> None:
    with transaction.atomic():
        post(Letter.PASSWORD_RESET, "alice@example.com")
        transaction.set_rollback(True)
    assert waiting() == []


@override_settings(EMAIL_BACKEND=_REFUSING, EMAIL_PORT=1)
def test_a_mail_server_that_is_down_is_asked_again_and_not_for_ever(world: World) -> None:
    post(Letter.PASSWORD_RESET, "alice@example.com")
    (letter_id,) = due_letters()
    for attempts in (1, 2):
        assert not send_if_due(letter_id)
        (one,) = waiting()
        assert one.attempts == attempts
        assert due_letters() == []
        age(hours=1)
    age(hours=25)
    assert not send_if_due(letter_id)
    assert waiting() == []


def test_an_address_without_an_account_gets_nothing(world: World) -> None:
    post(Letter.PASSWORD_RESET, "nobody@example.com")
    send_letters()
    assert mail.outbox == []
    assert waiting() == []
