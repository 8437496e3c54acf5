"""What the form for an index knows: common embedding models, and which metric fits when."""

from dataclasses import dataclass

from console.forms.base import Advised


@dataclass(frozen=True, slots=True)
class Model:
    """An embedding model, as its makers document it."""

    name: str
    dimension: int
    metric: str = "cosine"


MODELS = (
    Model("OpenAI text-embedding-3-small", 1536),
    Model("OpenAI text-embedding-3-large", 3072),
    Model("Cohere embed-v4.0", 1536),
    Model("Gemini embedding-001", 3072),
    Model("Voyage voyage-3.5", 1024),
    Model("llama-text-embed-v2", 1024),
    Model("multilingual-e5-large", 1024),
    Model("BAAI bge-m3", 1024),
    Model("nomic-embed-text-v1.5", 768),
    Model("all-mpnet-base-v2", 768),
    Model("all-MiniLM-L6-v2", 384),
)

METRICS = [
    ("cosine", Advised("Cosine", "Compares direction. Right for most text embeddings.")),
    ("dotproduct", Advised("Dot product", "Length counts too. For normalized or hybrid vectors.")),
    ("euclidean", Advised("Euclidean", "Compares distance. Common for image features.")),
]
