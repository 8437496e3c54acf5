"""`python -m cli.first_start`: what a new installation says once, as JSON on its output."""

import json
import sys

import django


def tell() -> None:
    django.setup()
    from cli.bootstrap import first_start

    sys.stdout.write(json.dumps(first_start()))


if __name__ == "__main__":
    tell()
