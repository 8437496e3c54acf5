"""What a running installation listens on, and what its documentation says of that."""

import re
import socket

import psutil

from tests.support.stack import REPOSITORY, Stack


def listening(stack: Stack) -> tuple[set[tuple[str, int]], set[str]]:
    """Addresses of internet sockets that wait for somebody, and names of unix sockets; each start
    of web has one of its own, which counts as the first."""
    found = [one for each in stack.answers(lambda p: p.net_connections("all")) for one in each]
    internet = [one for one in found if one.family != socket.AF_UNIX]
    datagrams = [one for one in internet if one.type == socket.SOCK_DGRAM]
    assert datagrams == []
    waiting = [one.laddr for one in internet if one.status == psutil.CONN_LISTEN]
    named = {str(one.laddr) for one in found if one.family == socket.AF_UNIX and one.laddr}
    home = f"{stack.home}/"
    unix = {re.sub(r"(web\.sock)\.\d+$", r"\1.1", name.removeprefix(home)) for name in named}
    return {(at.ip, at.port) for at in waiting}, unix


def documented_sockets() -> set[str]:
    """Of the table in docs/tls.md, "Ports and sockets"."""
    text = (REPOSITORY / "docs" / "tls.md").read_text()
    rows = re.findall(r"^\| unix ([^|]*)\|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]*)`", row)}
