"""用 PyPI 的 feedparser 读我们的订阅源。 Reads a feed from standard input with the PyPI library `feedparser`, strictly: what it
had to forgive is told. One JSON object: the library reads, this script only tells.
"""

import json
import sys

import feedparser

feed = feedparser.parse(sys.stdin.buffer.read())
entry = lambda one: {
    "id": one.get("id"),
    "title": one.get("title"),
    "summary": one.get("summary"),
    "dated": bool(one.get("updated_parsed") and one.get("published_parsed")),
    "links": [[link.get("rel"), link.get("type"), link.get("href")] for link in one.get("links", [])],
}
print(
    json.dumps(
        {
            "forgiven": str(feed.bozo_exception) if feed.bozo else None,
            "version": feed.version,
            "author": feed.feed.get("author"),
            "dated": bool(feed.feed.get("updated_parsed")),
            "entries": [entry(one) for one in feed.entries],
        }
    )
)
