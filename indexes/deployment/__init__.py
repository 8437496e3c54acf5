"""Where an index runs: observe, plan, apply."""
