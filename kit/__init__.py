"""One-topic helpers that both planes trust; a module enters only with two users."""
