from pinecone import Pinecone

pc = Pinecone()
pc.create_collection(name="movies-2026", source="movies")
