"""Lists of networks as options: given one by one, and how a list is lifted."""

ANYWHERE = "anywhere"
NETWORKS_HELP = "A network such as 10.0.0.0/8, once for each; `anywhere` lifts the limit."


def listed(given: list[str] | None) -> list[str] | None:
    """None where nothing was given; empty where everybody may come."""
    if not given:
        return None
    return [] if given == [ANYWHERE] else given
