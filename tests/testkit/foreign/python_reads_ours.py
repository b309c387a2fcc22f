"""The official Python client reads what this repository's client wrote with `foreign`.

Takes the cluster's line of JSON as its argument. The exit code is 0 only if every document is as it was written.
"""

import json
import sys

from couchbase.options import GetOptions
from couchbase.transcoder import RawBinaryTranscoder, RawStringTranscoder

from python_client import check, open_cluster

DOCUMENTS = 1000


def main():
    about = json.loads(sys.argv[1])
    cluster = open_cluster(about, about["password"])
    collection = cluster.bucket(about["bucket"]).default_collection()
    right = all(
        collection.get(f"ours::{number}").content_as[dict] == {"number": number, "text": "ß" * (number % 5)}
        for number in range(DOCUMENTS)
    )
    check(f"{DOCUMENTS} documents of ours are JSON to the official client", right)
    text = collection.get("ours::text", GetOptions(transcoder=RawStringTranscoder())).content_as[str]
    check("our text is text", text == "plain text")
    raw = collection.get("ours::bytes", GetOptions(transcoder=RawBinaryTranscoder())).content_as[bytes]
    check("our bytes are bytes", raw == b"\x00\x01\xff")
    check("our counter is a number", collection.get("ours::counter").content_as[int] == 42)
    cluster.close()


if __name__ == "__main__":
    main()
