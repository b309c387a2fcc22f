"""The official Python client (PyPI `couchbase` 4.6) against the embedded cluster.

Takes the cluster's line of JSON as its argument, or else on its standard input, and prints a line a step. The exit
code is 0 only if every step held.
"""

import json
import sys
from datetime import timedelta

from couchbase.auth import PasswordAuthenticator
from couchbase.cluster import Cluster
from couchbase.exceptions import (
    AuthenticationException,
    CasMismatchException,
    DocumentExistsException,
    DocumentLockedException,
    DocumentNotFoundException,
)
from couchbase.options import (
    ClusterOptions,
    DecrementOptions,
    DeltaValue,
    GetOptions,
    IncrementOptions,
    ReplaceOptions,
    SignedInt64,
    UpsertOptions,
)
from couchbase.transcoder import RawBinaryTranscoder

DOCUMENTS = 1000


def check(step, holds):
    """Prints the step; ends the program if it does not hold."""
    print(f"{'ok' if holds else 'FAILED'}: {step}", flush=True)
    if not holds:
        sys.exit(1)


def refused(step, exception, operation):
    """The operation must raise exactly this."""
    try:
        operation()
    except exception:
        check(step, True)
    else:
        check(step, False)


def open_cluster(about, password):
    seeds = ",".join(node["kv"] for node in about["nodes"])
    cluster = Cluster(f"couchbase://{seeds}", ClusterOptions(PasswordAuthenticator(about["user"], password)))
    cluster.wait_until_ready(timedelta(seconds=10))
    return cluster


def documents(collection):
    for number in range(DOCUMENTS):
        collection.upsert(f"foreign::{number}", {"number": number, "text": "ä" * (number % 7)})
    check(f"{DOCUMENTS} upserts", True)
    right = all(
        collection.get(f"foreign::{number}").content_as[dict] == {"number": number, "text": "ä" * (number % 7)}
        for number in range(DOCUMENTS)
    )
    check(f"{DOCUMENTS} gets give what was stored", right)


def conditions(collection):
    refused("a missing key is not found", DocumentNotFoundException, lambda: collection.get("foreign::none"))
    refused("insert of what exists", DocumentExistsException, lambda: collection.insert("foreign::0", {}))
    refused("replace of what is missing", DocumentNotFoundException, lambda: collection.replace("foreign::none", {}))
    before = collection.get("foreign::1").cas
    after = collection.replace("foreign::1", {"v": 2}, ReplaceOptions(cas=before)).cas
    check("each change has a new CAS", before != after)
    stale = ReplaceOptions(cas=before)
    refused("a CAS that is no longer", CasMismatchException, lambda: collection.replace("foreign::1", {}, stale))
    token = collection.upsert("foreign::1", {}).mutation_token()
    check("a change has a mutation token", token is not None)


def counters(collection):
    binary = collection.binary()
    start = SignedInt64(10)
    made = binary.increment("foreign::counter", IncrementOptions(initial=start, delta=DeltaValue(5)))
    check("a counter begins at its initial value", made.content == 10)
    up = binary.increment("foreign::counter", IncrementOptions(initial=start, delta=DeltaValue(5)))
    check("increment adds", up.content == 15)
    down = binary.decrement("foreign::counter", DecrementOptions(initial=start, delta=DeltaValue(100)))
    check("decrement stops at zero", down.content == 0)
    check("a counter is readable as JSON", collection.get("foreign::counter").content_as[int] == 0)


def bytes_and_times(collection):
    raw = UpsertOptions(transcoder=RawBinaryTranscoder())
    collection.upsert("foreign::bytes", b"middle", raw)
    collection.binary().append("foreign::bytes", b" end")
    collection.binary().prepend("foreign::bytes", b"begin ")
    got = collection.get("foreign::bytes", GetOptions(transcoder=RawBinaryTranscoder())).content_as[bytes]
    check("append and prepend", got == b"begin middle end")
    collection.touch("foreign::2", timedelta(seconds=60))
    got = collection.get_and_touch("foreign::2", timedelta(seconds=60)).content_as[dict]
    check("touch, and get and touch", got["number"] == 2)
    locked = collection.get_and_lock("foreign::3", timedelta(seconds=10))
    # A lock is waited for, so that only the time-out of the operation ends it: the lock's own CAS is tried instead.
    refused(
        "unlock with another CAS",
        (CasMismatchException, DocumentLockedException),
        lambda: collection.unlock("foreign::3", locked.cas + 1),
    )
    collection.unlock("foreign::3", locked.cas)
    check("lock and unlock", collection.upsert("foreign::3", {}).cas != locked.cas)
    collection.remove("foreign::4")
    refused("a removed document is gone", DocumentNotFoundException, lambda: collection.get("foreign::4"))


def main():
    about = json.loads(sys.argv[1] if len(sys.argv) > 1 else sys.stdin.readline())
    cluster = open_cluster(about, about["password"])
    bucket = cluster.bucket(about["bucket"])
    check("connected", True)
    collection = bucket.default_collection()
    documents(collection)
    conditions(collection)
    counters(collection)
    bytes_and_times(collection)
    cluster.close()
    refused("a wrong password", AuthenticationException, lambda: open_cluster(about, about["password"] + "x"))
    print("all steps held", flush=True)


if __name__ == "__main__":
    main()
