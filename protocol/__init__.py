"""The Vector API on the wire: protos, generated stubs, and the only code that touches them."""
