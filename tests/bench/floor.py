"""The floor: FastAPI, as its tutorial says, gives back the body it was sent. It checks nothing and keeps nothing.

Runs in .venv-bench: uvicorn --app-dir tests/bench floor:app
"""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Definition(BaseModel):
    """The four fields of an update."""

    name: str | None = None
    provider: str | None = None
    chat_generator_config: dict[str, Any] | None = None
    generation_kwargs: dict[str, Any] | None = None


@app.patch("/echo")
async def echo(definition: Definition) -> Definition:
    return definition


@app.get("/readyz")
async def ready() -> dict[str, str]:
    return {"status": "ready"}
