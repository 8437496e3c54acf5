"""`stonepine evidence`: what an auditor asks for, from live facts, in one signed file."""
