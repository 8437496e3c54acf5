"""Sealing anew what earlier versions of a data key sealed, and counting what is left of them."""
