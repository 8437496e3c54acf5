"""Bulk imports: Parquet files from a folder or bucket become records of an index."""
