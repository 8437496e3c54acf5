{% autoescape off %}# pip install standardwebhooks
from standardwebhooks import Webhook

def receive(body: bytes, headers: dict) -> None:
    # Raises where the signature or the time is wrong.
    event = Webhook("whsec_…").verify(body, headers)
    # The same event may come twice: drop ids you know.
    print(headers["webhook-id"], event["type"], event["data"]["subject"])
{% endautoescape %}
