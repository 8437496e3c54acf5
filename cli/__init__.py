"""The `stonepine` command: the supervisor of one machine's processes, and operator verbs."""
