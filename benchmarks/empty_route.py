"""A route that does nothing but read its body: the least that a server of this framework takes (one_client.py)."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Comment(BaseModel):
    """What is sent."""

    text: str


@app.post("/")
async def nothing(comment: Comment) -> dict[str, int]:
    """Says how long the comment is."""
    return {"characters": len(comment.text)}
