"""Examining what is stored: every row of the log and every object, read as if it were needed."""
