"""Runs python-scim's scim2-tester against a service and prints what it finds wrong.

    check.py URL TOKEN     exits with 1 if anything is
"""

import sys
from collections import Counter

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server


def main(url: str, token: str) -> int:
    client = Client(base_url=url, headers={"Authorization": f"Bearer {token}"})
    results = check_server(SyncSCIMClient(client))
    wrong = [r for r in results if r.status in (Status.ERROR, Status.CRITICAL)]
    for result in wrong:
        print(f"{result.title} ({result.resource_type or 'service'}): {result.reason}")
    counts = Counter(result.status.name for result in results)
    print(", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    return 1 if wrong or not results else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
