"""Memtable, segments, filters and search behind one single-threaded loop (no gRPC, no asyncio)."""
