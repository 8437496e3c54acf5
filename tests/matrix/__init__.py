"""The access matrix: every route and RPC against every caller, and what each must be answered."""
