"""Bodies of requests and replies: bytes to values and back."""
