"""A small name server on a loopback address: answers TXT questions from a table."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer:
    """`records` maps names without the final dot to their texts; a name that is not in it does
    not exist. Broken, it answers that it failed."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.is_broken = False
        self.address = ""

    def answer(self, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        reply = dns.message.make_response(query)
        name = query.question[0].name.to_text(omit_final_dot=True)
        texts = self.records.get(name)
        if self.is_broken:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif texts is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif texts:
            quoted = [f'"{text}"' for text in texts]
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *quoted))
        reply.flags |= dns.flags.RA
        return reply.to_wire()


@contextmanager
def running_name_server() -> Iterator[NameServer]:
    table = NameServer()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, socket = self.request
            socket.sendto(table.answer(wire), self.client_address)

    with socketserver.UDPServer(("127.0.0.1", 0), Handler) as server:
        place: Any = server.server_address
        table.address = f"{place[0]}:{place[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield table
        finally:
            server.shutdown()
            thread.join()
