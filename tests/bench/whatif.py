#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long `rules whatif` takes to say what moving an OU of 1,000 users would do, in a store of N objects.

    whatif.py --build DIR [--objects N] [--runs N]

DIR is a release build with its target anchor_store. The rules are those of ../shared/data. No lab is
needed. Fails above LIMITS.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import anchors  # noqa: E402

LIMITS = {"wall seconds": 1.0}
SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared",
                      "data", "connect-contoso")
BASE = "DC=example,DC=test"


def rules(folder):
    """The sample for the synthetic domain, with two units of it selected."""
    place = os.path.join(folder, "rules")
    shutil.copytree(SAMPLE, place)
    for part in ("Connectors", "SynchronizationRules"):
        for file in os.listdir(os.path.join(place, part)):
            path = os.path.join(place, part, file)
            with open(path, encoding="utf-8-sig") as handle:
                text = handle.read()
            text = text.replace("<inclusion>OU=CORP,DC=contoso,DC=com</inclusion>",
                                f"<inclusion>OU=Sales,{BASE}</inclusion>"
                                f"<inclusion>OU=Staff,{BASE}</inclusion>")
            text = text.replace("DC=contoso,DC=com", BASE).replace("contoso.com", "example.test")
            with open(path, "w", encoding="utf-8") as handle:
                handle.write(text)
    return place


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--objects", type=int, default=100000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    program = os.path.join(options.build, "agent", "anchorwatch")
    with tempfile.TemporaryDirectory(prefix="anchorwatch-whatif-") as folder:
        store = os.path.join(folder, "bench.db")
        side = options.objects // 2
        subprocess.run([os.path.join(options.build, "tests", "anchor_store"), store, str(side), "0"],
                       check=True)
        os.chmod(store, 0o600)
        conf = anchors.configuration(folder, store)
        subprocess.run([program, "-c", conf, "rules", "import", rules(folder)], check=False,
                       stdout=subprocess.DEVNULL)
        question = [program, "-c", conf, "rules", "whatif", "move", f"OU=Sales,{BASE}",
                    f"OU=Archive,{BASE}"]
        print(subprocess.run(question, capture_output=True, text=True, check=False).stdout[-420:])
        runs = [anchors.measure(question + ["--format", "json"]) for _ in range(options.runs)]
    wall, seconds, mib = (statistics.median(column) for column in zip(*runs))
    print(f"{options.objects} objects: {wall:.2f} s wall, {seconds:.2f} s CPU, {mib:.1f} MiB")
    return 1 if wall > LIMITS["wall seconds"] else 0


if __name__ == "__main__":
    sys.exit(main())
