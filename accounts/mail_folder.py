"""Mail as files: what is sent while nobody has configured an SMTP server."""

import os
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from kit import clock
from kit.environment import environment
from kit.ids import new_id


class FolderBackend(BaseEmailBackend):
    """One file a message, readable by its owner only: links in mail open accounts."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = environment().mail_dir
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{clock.now():%Y%m%dT%H%M%S}-{new_id().hex[-12:]}.eml"
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(message.message().as_bytes())
        return len(email_messages)
