"""Where a database is that several servers share: its URL, and what may be shown of it and of its errors."""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from haymow.errors import StartFailed


def url_of(text: str, name: str = "HAYMOW_DATABASE_URL") -> URL:
    """A URL of PostgreSQL, for its driver; `name` is what an operator wrote it as. Raises StartFailed."""
    try:
        url = make_url(text).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise StartFailed(f"{name} {_NO_URL}") from None
    if "@" in (url.host or ""):  # what is before it belongs to the password, and would be shown with the host
        raise StartFailed(f"{name} {_NO_URL}")
    return url


_NO_URL = (
    "cannot be read as a URL. Is a letter of the password not %-encoded? Are there several hosts? Write them "
    "as ?host=one:5432&host=two:5432 behind the database's name."
)


def name_of(url: URL) -> str:
    """A URL as an operator knows it, with nothing secret in it."""
    return URL.create("postgresql", url.username, None, url.host, url.port, url.database).render_as_string()


def words_of(error: DBAPIError) -> str:
    """What the driver says of a connection that did not come about, or was lost: in one line, and nothing secret.

    Such an error has no SQLSTATE. The words are the server's, the system's or libpq's: they have the host, the port,
    the user and the database.
    """
    lines = str(error.orig).removeprefix("connection failed: ").splitlines()
    text = "; ".join(words for line in lines if (words := " ".join(line.split()))).rstrip(".?")
    return "".join(filter(str.isprintable, text))[:_MOST_WORDS]


_MOST_WORDS = 500
