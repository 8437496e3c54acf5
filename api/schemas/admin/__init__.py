"""Bodies and queries of the Admin API: who belongs, who may what, and what there is."""
