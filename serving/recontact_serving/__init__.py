"""How a model is used: command line, batch, HTTP API."""
