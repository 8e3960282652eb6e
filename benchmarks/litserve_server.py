"""LitServe around a Transformers pipeline: `python litserve_server.py MODEL PORT`.

Runs in an environment of its own, with litserve, torch and transformers; started by peers.py.
"""

import sys

import litserve
from transformers import pipeline

BATCH, GATHER = 32, 0.005  # requests, seconds


class Classify(litserve.LitAPI):
    """All causes of a comment, with their probabilities."""

    def setup(self, device):  # noqa: ANN001, ANN201
        """Opens the model."""
        self.classify = pipeline("text-classification", model=sys.argv[1], top_k=None, truncation=True, max_length=256)

    def decode_request(self, request):  # noqa: ANN001, ANN201
        """The comment of a request."""
        return request["text"]

    def predict(self, texts):  # noqa: ANN001, ANN201
        """The answers to a batch."""
        return self.classify(texts, batch_size=len(texts))

    def encode_response(self, output):  # noqa: ANN001, ANN201
        """The answer to a request."""
        return {"scores": output}


if __name__ == "__main__":
    server = litserve.LitServer(Classify(max_batch_size=BATCH, batch_timeout=GATHER), accelerator="cpu", timeout=600)
    server.run(port=int(sys.argv[2]), log_level="warning", generate_client_file=False)
