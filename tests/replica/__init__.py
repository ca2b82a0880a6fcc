"""The replica of both sites: reports of our own writing, a tree builder and a small server."""

from tests.replica.county import build_county
from tests.replica.data import ReportData, reports
from tests.replica.server import ReplicaServer, RequestRecord
from tests.replica.sites import build_sites

__all__ = [
    "ReplicaServer",
    "ReportData",
    "RequestRecord",
    "build_county",
    "build_sites",
    "reports",
]
