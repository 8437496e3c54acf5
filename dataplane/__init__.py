"""Index nodes: `front` speaks the Vector API, `engine` searches, `builder` makes segments."""

import os

# Before numpy is first imported: matrix-vector products are bound by memory, and a second BLAS
# thread takes the core of the process beside this one and makes them slower.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
