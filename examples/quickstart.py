"""Create an index, upsert real embeddings, query them with a filter, print what comes back.

    export PINECONE_API_KEY=… PINECONE_CONTROLLER_HOST=http://127.0.0.1:8080
    python examples/quickstart.py            # REST
    python examples/quickstart.py --grpc     # gRPC; also needs SSL_CERT_FILE

`stonepine up` prints all three values. Runs unchanged with the official `pinecone` client 9 and 10.
"""

import argparse
import json
import time
from pathlib import Path

from pinecone import Pinecone, ServerlessSpec

DATA = Path(__file__).parent / "data" / "quickstart.json"
BATCH = 20


def main() -> None:
    arguments = parse_arguments()
    packages = json.loads(DATA.read_text())

    pc = Pinecone()
    started = time.monotonic()
    pc.create_index(
        name=arguments.name,
        dimension=384,
        metric="cosine",
        spec=ServerlessSpec(cloud="aws", region="us-east-1"),
    )
    print(f"Index {arguments.name!r} was ready after {time.monotonic() - started:.2f} s.")
    try:
        index = pc.index(arguments.name, grpc=arguments.grpc)
        upsert(index, packages["records"])
        for query in packages["queries"]:
            search(index, query, largest=arguments.largest)
    finally:
        if not arguments.keep:
            pc.delete_index(arguments.name)
            print(f"\nIndex {arguments.name!r} is deleted.")


def upsert(index, records):
    vectors = [
        {
            "id": record["id"],
            "values": record["values"],
            "metadata": {key: record[key] for key in ("text", "section", "size")},
        }
        for record in records
    ]
    count = sum(
        index.upsert(vectors=vectors[start : start + BATCH]).upserted_count
        for start in range(0, len(vectors), BATCH)
    )
    print(f"Upserted {count} package descriptions.")


def search(index, query, *, largest):
    answer = index.query(
        vector=query["values"],
        top_k=5,
        filter={"size": {"$lte": largest}, "section": {"$ne": "doc"}},
        include_metadata=True,
    )
    print(f"\nLike “{query['text']}”, up to {largest:,} bytes:")
    for match in answer.matches:
        about = match.metadata
        title = about["text"].split(". ")[0]
        print(f"  {match.score:.3f}  {about['section']:<10} {about['size']:>9,.0f}  {title}")


def parse_arguments():
    parser = argparse.ArgumentParser(description="Stonepine in one minute.")
    parser.add_argument("--grpc", action="store_true", help="speak gRPC to the index")
    parser.add_argument("--keep", action="store_true", help="do not delete the index at the end")
    parser.add_argument("--name", default="quickstart", help="the index's name")
    parser.add_argument("--largest", type=int, default=400_000, help="largest package, in bytes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
