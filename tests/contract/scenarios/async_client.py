"""The asynchronous client: control plane and data plane, many calls at once."""

import asyncio
import sys

from pinecone import AsyncPinecone, ServerlessSpec

name = sys.argv[1]


async def main():
    async with AsyncPinecone() as pc:
        await pc.create_index(
            name=name, dimension=4, metric="cosine",
            spec=ServerlessSpec(cloud="aws", region="us-east-1"),
        )  # fmt: skip
        description = await pc.describe_index(name)
        async with pc.IndexAsyncio(host=description.host) as index:
            await asyncio.gather(
                *(
                    index.upsert(vectors=[{"id": f"a{n}", "values": [1.0, n, 2.0, 3.0]}])
                    for n in range(30)
                )
            )
            answers = await asyncio.gather(*(index.query(id=f"a{n}", top_k=1) for n in range(30)))
            assert [answer.matches[0].id for answer in answers] == [f"a{n}" for n in range(30)]
            stats = await index.describe_index_stats()
            assert stats.total_vector_count == 30
        await pc.delete_index(name)
        assert not await pc.has_index(name)


asyncio.run(main())
