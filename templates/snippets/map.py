{% load snippet %}{% autoescape off %}import numpy as np
from pinecone import Pinecone

index = Pinecone().Index(host={{ host|quoted }})
ids, records = [], {}
for page in index.list(namespace={{ namespace|quoted }}):
    ids += [one.id for one in page.vectors]
    records |= index.fetch(ids=ids[-100:], namespace={{ namespace|quoted }}).vectors
    if len(ids) >= 2000:
        break
values = np.array([record.values for record in records.values()])
_, _, axes = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
places = (values - values.mean(axis=0)) @ axes[:2].T{% endautoescape %}
