"""Outer keys: keys in somebody else's hands, around what the keyring has wrapped already."""
