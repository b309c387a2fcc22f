"""The official Python client's design documents and view queries against the embedded cluster.

Takes the cluster's line of JSON as its argument, and finds the documents there that `python_client.py` leaves. The
exit code is 0 only if every step held.
"""

import json
import sys

from couchbase.exceptions import DesignDocumentNotFoundException, InvalidArgumentException
from couchbase.management.views import DesignDocument, DesignDocumentNamespace, View
from couchbase.options import ViewOptions
from couchbase.views import ViewOrdering

from python_client import DOCUMENTS, check, open_cluster, refused

# `python_client.py` changes or removes those before.
NUMBERS = list(range(5, DOCUMENTS))
MAP = """function (doc, meta) {
    if (meta.id.indexOf("foreign::") === 0 && doc.number >= 5) {
        emit(%s, doc.number);
    }
}"""
VIEWS = {
    "by_number": View(MAP % "doc.number"),
    "by_rest": View(MAP % "[doc.number % 3, doc.number]", "_sum"),
}
PRODUCTION = DesignDocumentNamespace.PRODUCTION
DEVELOPMENT = DesignDocumentNamespace.DEVELOPMENT


def design_documents(manager):
    manager.upsert_design_document(DesignDocument("foreign", VIEWS), DEVELOPMENT)
    manager.publish_design_document("foreign")
    check("a design document is published", set(manager.get_design_document("foreign", PRODUCTION).views) == set(VIEWS))
    for namespace in (PRODUCTION, DEVELOPMENT):
        names = [design.name for design in manager.get_all_design_documents(namespace)]
        check(f"the design documents of {namespace.to_str()} are listed", names == ["foreign"])
    manager.drop_design_document("foreign", DEVELOPMENT)
    gone = DesignDocumentNotFoundException
    refused("a dropped design document is gone", gone, lambda: manager.get_design_document("foreign", DEVELOPMENT))
    malformed = DesignDocument("foreign", {"v": View("function (")})
    refused("a function that is none", InvalidArgumentException, lambda: manager.upsert_design_document(malformed, PRODUCTION))


def rows(bucket, view, **options):
    result = bucket.view_query("foreign", view, ViewOptions(**options))
    return list(result.rows()), result.metadata()


def queries(bucket):
    def keys(view, **options):
        return [row.key for row in rows(bucket, view, **options)[0]]

    # This client does not pass on how stale an index may be, so every query asks for the usual: an answer from the
    # index as it is, which is brought up to date afterwards.
    for view in VIEWS:
        check("an index is empty until a query has asked for it", keys(view, limit=1) == [])
    got, metadata = rows(bucket, "by_number")
    check("all rows in order", [row.key for row in got] == NUMBERS and metadata.total_rows() == len(NUMBERS))
    check("rows name their documents", all(row.id == f"foreign::{row.key}" for row in got))
    check("limit and skip", keys("by_number", limit=3, skip=10) == [15, 16, 17])
    check("descending", keys("by_number", order=ViewOrdering.DESCENDING, limit=2) == [DOCUMENTS - 1, DOCUMENTS - 2])
    check("a range", keys("by_number", startkey=7, endkey=9) == [7, 8, 9])
    check("a range without its end", keys("by_number", startkey=7, endkey=9, inclusive_end=False) == [7, 8])
    check("one key", keys("by_number", key=42) == [42])
    check("several keys, in their order", keys("by_number", keys=[9, 7]) == [9, 7])
    high = keys("by_rest", reduce=False, startkey=[1, 990], endkey=[1, {}])
    check("a range of arrays", high == [[1, 991], [1, 994], [1, 997]])
    total, _ = rows(bucket, "by_rest")
    check("reduced", [(row.key, row.value) for row in total] == [(None, sum(NUMBERS))])
    check("grouped", len(keys("by_rest", group=True)) == len(NUMBERS))
    groups = [(row.key, row.value) for row in rows(bucket, "by_rest", group_level=1)[0]]
    check("grouped by level", groups == [([rest], sum(n for n in NUMBERS if n % 3 == rest)) for rest in range(3)])
    refused("a view that is missing", DesignDocumentNotFoundException, lambda: rows(bucket, "none"))
    refused("a reversed range", InvalidArgumentException, lambda: rows(bucket, "by_number", startkey=9, endkey=7))


def main():
    about = json.loads(sys.argv[1])
    cluster = open_cluster(about, about["password"])
    bucket = cluster.bucket(about["bucket"])
    design_documents(bucket.view_indexes())
    queries(bucket)
    cluster.close()


if __name__ == "__main__":
    main()
