"""Runs promtool's tests of the alerts, and holds that each alert has one that fires and one that does not.

Usage: alerts.py PROMTOOL. The rules are those of k8s/monitoring/rules.yaml, the tests those of tests.yaml beside it."""

import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

MONITORING = pathlib.Path(__file__).resolve().parents[2] / "k8s/monitoring"


def tested(tests):
    """The alerts that the tests ask for, by whether they expect them to fire."""
    asked = {True: set(), False: set()}
    for test in tests["tests"]:
        for case in test["promql_expr_test"]:
            alert = re.search(r'alertname="(\w+)"', case["expr"])[1]
            asked[bool(case["exp_samples"])].add(alert)
    return asked


def main():
    [promtool] = sys.argv[1:]
    rules = yaml.safe_load((MONITORING / "rules.yaml").read_text())["spec"]
    tests = yaml.safe_load((MONITORING / "tests.yaml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    asked, missing = tested(tests), []
    for fires, what in ((True, "must"), (False, "must not")):
        missing += [f"alerts: a test in which {alert} {what} fire expected" for alert in sorted(alerts - asked[fires])]
        missing += [f"alerts: a test of {alert}, which is not an alert" for alert in sorted(asked[fires] - alerts)]
    print("\n".join(missing), end="\n" if missing else "")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        # promtool reads groups, not the operator's object around them
        (folder / "rules.yaml").write_text(yaml.safe_dump(rules))
        (folder / "tests.yaml").write_text(yaml.safe_dump(tests))
        done = subprocess.run([promtool, "test", "rules", folder / "tests.yaml"], capture_output=True, text=True)
    if done.returncode:
        print(done.stdout + done.stderr)
    failed = len(missing) + bool(done.returncode)
    print(f"alerts: {len(tests['tests'])} passed, 0 failed" if not failed else f"alerts: 0 passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
