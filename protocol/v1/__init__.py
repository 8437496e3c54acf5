"""Generated gRPC code of the public wire; regenerate with `python -m protocol.generate`."""
