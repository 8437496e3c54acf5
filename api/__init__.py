"""The JSON face that official Pinecone clients speak to: parse, call one verb or query, render."""
