"""Python's collector of cyclic garbage, in processes whose requests must not wait for it."""

import gc

# New containers between two looks at the young ones, which take some ten microseconds each.
_YOUNG = 10_000


def leave_out_what_is_there() -> None:
    """Call it once everything is imported and set up: modules and their functions, tens of
    thousands of objects, are for good, and are passed over when garbage is looked for (to go
    through them all takes tens of milliseconds)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
