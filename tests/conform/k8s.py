"""Holds the Kubernetes manifests against the schemas and against rules of our own: see scripts/k8s-check, which calls it.

Usage: k8s.py KUBECTL KINDS [--as-documented | --self-test]. Prints a line for each finding; the last line counts what was checked.
--as-documented checks a copy that was changed as docs/kubernetes.md says. --self-test breaks the rendered manifests in many ways
and wants each of them found."""

import copy
import functools
import ipaddress
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import jsonschema
import kubernetes_validate.utils as schemas
import promql_parser
import referencing
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ["catalog", "partners", "crm", "stock", "sync", "bridge"]
# Those without a database
FRONT = ["gateway", "console"]
PROCESSES = [*FRONT, *SERVICES]
APP = "app.kubernetes.io/"
# Objects that `hub kubernetes` and an operator's hand make: referred to, never in the manifests
MADE_ELSEWHERE = {"identity-public-keys", "installation", "loan-file-keys", "platform-keys", "bridge-keys", "first-administrator"}
MADE_ELSEWHERE |= {f"{process}-identity" for process in PROCESSES}
MADE_ELSEWHERE |= {f"{service}-{what}" for service in SERVICES for what in ("backup", "hash-keys")}
# The hub's own variable: on a server it says in so many words that there is no demo
NOT_READ = {"DEMO"}
# What others tell: Prometheus itself, CloudNativePG (config/manager/default-monitoring.yaml and its collector), its Barman Cloud
# plugin (observability.md), the kubelet, cert-manager
METRICS_BESIDE = {
    "up": set(),
    "cnpg_collector_up": {"cluster"},
    "cnpg_backends_total": {"datname", "usename", "application_name", "state"},
    "cnpg_backends_max_tx_duration_seconds": {"datname", "usename", "application_name", "state"},
    "cnpg_pg_database_xid_age": {"datname"},
    "cnpg_pg_replication_lag": set(),
    "cnpg_pg_replication_streaming_replicas": set(),
    "cnpg_pg_settings_setting": {"name"},
    "cnpg_pg_stat_archiver_last_archived_time": set(),
    "cnpg_pg_stat_archiver_last_failed_time": set(),
    "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp": set(),
    "kubelet_volume_stats_available_bytes": {"persistentvolumeclaim"},
    "kubelet_volume_stats_capacity_bytes": {"persistentvolumeclaim"},
    "certmanager_certificate_expiration_timestamp_seconds": {"name"},
}
# Labels that Prometheus gives to every series of a Service
TARGET_LABELS = {"job", "instance", "namespace", "service", "pod", "container", "endpoint"}
SECRET = re.compile(r"KEYS?$|PASSWORD$|SECRET|TOKEN|CREDENTIAL|DATABASE_URL|^ADMIN_LOGIN$")
SECRET_TEXT = re.compile(r"PRIVATE KEY|://[^/\s:]+:[^@\s]+@|whsec_")


# What the Rust sources say


def source(path):
    return (ROOT / path).read_text().split("#[cfg(test)]")[0]


@functools.cache
def variables(folder):
    """The variables that the settings! blocks of a folder declare, by name, and whether each must be given."""
    found = {}
    for path in (ROOT / folder).rglob("*.rs"):
        for block in re.findall(r"settings! \{\n(.*?)\n\}", source(path), re.S):
            struct = re.search(r"pub struct (\w+)", block)[1]
            for name, kind, default in re.findall(r"^ +(\w+): (.+?)( = \".*\")?,$", block, re.M):
                found[name.upper()] = struct, not (default or kind.startswith("Option<")), default[4:-1]
    return found


@functools.cache
def known_variables(process):
    shared = variables("crates/process/src") | ({} if process in FRONT else variables("crates/service/src"))
    return shared | variables(f"services/{process}/src")


@functools.cache
def metrics():
    """Every metric that the sources declare, as it is told, with its labels."""
    found = dict(METRICS_BESIDE)
    for path in [*ROOT.glob("crates/*/src/**/*.rs"), *ROOT.glob("services/*/src/**/*.rs")]:
        declared = r"\b(histogram|counter|gauge|Opts::new)\(\s*\"([a-z_]+)\".*?&\[((?:\s*\"[a-z_]+\",?)*)\s*\]"
        for kind, name, labels in re.findall(declared, source(path), re.S):
            labels = set(re.findall(r"[a-z_]+", labels))
            found |= {name + suffix: labels for suffix in ("_count", "_sum")} if kind == "histogram" else {name: labels}
            if kind == "histogram":
                found[name + "_bucket"] = labels | {"le"}
    return found


# What was rendered


class Overlay:
    """An overlay's objects, and what is wrong with them."""

    def __init__(self, name, objects):
        self.name, self.objects, self.findings = name, objects, []

    @property
    def is_production(self):
        return self.name == "production"

    @property
    def is_public(self):
        """With people who depend on it: backups, TLS, platforms in the open."""
        return self.name != "local"

    @property
    def has_one_database(self):
        return self.name == "pilot"

    def database_of(self, service):
        return "hub-db" if self.has_one_database else f"{service}-db"

    def of(self, *kinds):
        return [thing for thing in self.objects if thing["kind"] in kinds]

    def named(self, kind, name):
        return next((thing for thing in self.of(kind) if thing["metadata"]["name"] == name), None)

    def say(self, thing, expected):
        where = thing if isinstance(thing, str) else f"{thing['kind']}/{thing['metadata']['name']}"
        self.findings.append(f"k8s/overlays/{self.name} {where}: {expected}")

    def want(self, thing, is_so, expected):
        if not is_so:
            self.say(thing, expected)

    def pods(self):
        """Those that Deployments and Jobs make, and the databases': what is their owner, and their labels."""
        ours = [(thing, thing["spec"]["template"]["metadata"]["labels"]) for thing in self.of("Deployment", "Job")]
        databases = [
            (thing, {"cnpg.io/cluster": thing["metadata"]["name"], **thing["spec"].get("inheritedMetadata", {}).get("labels", {})})
            for thing in self.of("Cluster")
        ]
        return ours + databases


def render(kubectl, name, root=ROOT):
    done = subprocess.run([kubectl, "kustomize", root / "k8s/overlays" / name], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"k8s/overlays/{name}: manifests that kustomize can put together expected: {done.stderr.strip()}")
    return Overlay(name, [thing for thing in yaml.safe_load_all(done.stdout) if thing])


def at(thing, path, default=None):
    for part in path.split("."):
        thing = thing.get(part) if isinstance(thing, dict) else None
    return default if thing is None else thing


def containers(thing):
    spec = thing["spec"]["template"]["spec"]
    return spec.get("initContainers", []) + spec["containers"]


def process_of(thing):
    """The process that a Deployment or a Job runs."""
    return containers(thing)[0]["image"].rsplit("/", 1)[-1].split(":")[0]


def tag(image):
    return image.rsplit("/", 1)[-1].partition(":")[2]


def selects(selector, labels):
    if selector is None:
        return False
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for rule in selector.get("matchExpressions") or []:
        is_in = labels.get(rule["key"]) in rule.get("values", [])
        held = {"In": is_in, "NotIn": not is_in, "Exists": rule["key"] in labels, "DoesNotExist": rule["key"] not in labels}
        if not held[rule["operator"]]:
            return False
    return True


# The rules. Each is a function of an overlay; its name is what it holds


RULES = []


def rule(function):
    RULES.append(function)
    return function


@functools.cache
def validator(version, kind, api):
    folder = f"kubernetes-json-schema/v{version}-local-strict"
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api)
    try:
        own = schemas.schema_contents(f"{folder}/{kind.lower()}-{group}.json", version)
    except FileNotFoundError:
        return None
    registry = definitions(folder, version) @ (referencing.Resource.from_contents(own) @ referencing.Registry())
    return jsonschema.Draft202012Validator(own, registry=registry)


@functools.cache
def definitions(folder, version):
    return referencing.Resource.from_contents(schemas.schema_contents(f"{folder}/_definitions.json", version))


def is_built_in(thing):
    group = thing["apiVersion"].rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def schema_errors(overlay, kinds, objects):
    """What Kubernetes' own schemas and the operators' types say; the three newest minors that the schemas are there for."""
    for thing in filter(is_built_in, objects):
        for version in schemas.all_versions()[-3:]:
            found = validator(version, thing["kind"], thing["apiVersion"])
            if found is None:
                overlay.say(thing, f"Kubernetes {version} has no {thing['apiVersion']} {thing['kind']}")
                continue
            for error in found.iter_errors(thing):
                overlay.say(thing, f"Kubernetes {version}: {'.'.join(map(str, error.absolute_path)) or 'the object'}: {error.message}")
    others = [thing for thing in objects if not is_built_in(thing)]
    said = subprocess.run([kinds], input=json.dumps(others), check=True, capture_output=True, text=True).stdout
    for line in said.splitlines():
        index, what = line.split("\t", 1)
        overlay.say(others[int(index)], f"{others[int(index)]['apiVersion']}: {what}")


@rule
def images_have_one_version(overlay):
    for thing in overlay.of("Deployment", "Job"):
        version = tag(containers(thing)[0]["image"])
        for container in containers(thing):
            overlay.want(
                thing,
                re.fullmatch(r"\d+\.\d+\.\d+[\w.-]*", tag(container["image"])),
                f"an image with a version as its tag expected, not {container['image']}",
            )
        deployment = overlay.named("Deployment", process_of(thing))
        overlay.want(
            thing,
            deployment and tag(containers(deployment)[0]["image"]) == version,
            f"the image's version expected to be that of Deployment/{process_of(thing)}, not {version}",
        )
        for labels in (thing["metadata"]["labels"], thing["spec"]["template"]["metadata"]["labels"]):
            overlay.want(
                thing, labels.get(APP + "version") == version, f"label {APP}version expected to be the image's version {version}"
            )
        if thing["kind"] == "Job":
            overlay.want(
                thing,
                thing["metadata"]["name"].endswith(f"-{version}"),
                f"a name that ends with -{version} expected: a Job can't change",
            )
            overlay.want(thing, at(thing, "spec.ttlSecondsAfterFinished"), "ttlSecondsAfterFinished expected")
    for thing in overlay.of("Cluster"):
        version = re.fullmatch(r"ghcr\.io/cloudnative-pg/postgresql:(\d+)\.\d+-\w+-\w+", at(thing, "spec.imageName", ""))
        overlay.want(
            thing, version and int(version[1]) >= 17, "the operator's image of PostgreSQL 17 or newer with a minor version expected"
        )


@rule
def every_process_has_what_it_needs(overlay):
    for process in PROCESSES:
        kinds = ["Deployment", "Service", "ServiceAccount"] + (
            ["HorizontalPodAutoscaler", "PodDisruptionBudget"] if overlay.is_production else []
        )
        for kind in kinds + (["Ingress"] if process == "gateway" else []):
            name = "hub" if kind == "Ingress" else process
            overlay.want(f"{kind}/{name}", overlay.named(kind, name), "expected")
    for service in SERVICES:
        jobs = [job for job in overlay.of("Job") if process_of(job) == service]
        overlay.want(
            f"Job/{service}-migration", len(jobs) == 1 and containers(jobs[0])[0].get("args") == ["migrate"], "one migration expected"
        )


@rule
def pods_are_locked_down(overlay):
    for thing in overlay.of("Deployment", "Job"):
        spec = thing["spec"]["template"]["spec"]
        for path, value in {
            "securityContext.runAsNonRoot": True,
            "securityContext.runAsUser": 65532,
            "securityContext.seccompProfile.type": "RuntimeDefault",
            "enableServiceLinks": False,
            "automountServiceAccountToken": False,
            "serviceAccountName": process_of(thing),
        }.items():
            overlay.want(thing, at(spec, path) == value, f"{path}: {json.dumps(value)} expected in the pod")
        for path in ("hostNetwork", "hostPID", "hostIPC"):
            overlay.want(thing, not spec.get(path), f"no {path} expected")
        for container in containers(thing):
            for path, value in {
                "securityContext.allowPrivilegeEscalation": False,
                "securityContext.readOnlyRootFilesystem": True,
                "securityContext.capabilities": {"drop": ["ALL"]},
            }.items():
                overlay.want(
                    thing, at(container, path) == value, f"{path}: {json.dumps(value)} expected in container {container['name']}"
                )
            overlay.want(
                thing, not at(container, "securityContext.privileged"), f"container {container['name']} expected not to be privileged"
            )
            for path in ("resources.requests.cpu", "resources.requests.memory", "resources.limits.memory"):
                overlay.want(thing, at(container, path), f"{path} expected in container {container['name']}")
            overlay.want(thing, not at(container, "resources.limits.cpu"), f"no limit of cpu expected in container {container['name']}")


@rule
def processes_start_and_stop_gently(overlay):
    for thing in overlay.of("Deployment"):
        for container in containers(thing):
            for probe, path in {"startup": "ready", "readiness": "ready", "liveness": "live"}.items():
                found = at(container, f"{probe}Probe.httpGet.path")
                overlay.want(
                    thing, found == f"/health/{path}", f"{probe}Probe of /health/{path} expected in container {container['name']}"
                )
        rolling = at(thing, "spec.strategy.rollingUpdate", {})
        overlay.want(
            thing, rolling == {"maxUnavailable": 0, "maxSurge": 1}, "a rolling update with maxUnavailable 0 and maxSurge 1 expected"
        )
        spread = {rule["topologyKey"] for rule in at(thing, "spec.template.spec.topologySpreadConstraints", [])}
        overlay.want(
            thing, spread == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}, "a spread over zones and hosts expected"
        )
        drain = int(next((item.get("value", 0) for item in containers(thing)[0]["env"] if item["name"] == "DRAIN_MS"), 0)) // 1000
        finish = re.search(r"const FINISH: u64 = (\d+);", source("crates/process/src/http.rs"))
        after = re.search(r"const FINISH: .*from_secs\((\d+)\);", source("crates/service/src/run.rs"))
        least = drain + sum(int(found[1]) for found in (finish, after))
        grace = at(thing, "spec.template.spec.terminationGracePeriodSeconds", 0)
        said = f"terminationGracePeriodSeconds over {least} expected: DRAIN_MS and what http.rs and run.rs wait for"
        overlay.want(thing, drain > 0 and grace > least, said)


@rule
def labels_are_the_usual_ones(overlay):
    six = {APP + label for label in ("name", "instance", "version", "component", "part-of", "managed-by")}
    for thing in overlay.objects:
        labels = at(thing, "metadata.labels", {})
        for label in sorted({APP + "instance", APP + "part-of", APP + "managed-by"} - set(labels)):
            overlay.say(thing, f"label {label} expected")
        overlay.want(thing, thing["kind"] == "Namespace" or at(thing, "metadata.namespace") == "echange", "namespace echange expected")
    for thing in overlay.of("Deployment", "Job"):
        for where, labels in {
            "the object": thing["metadata"]["labels"],
            "its pods": thing["spec"]["template"]["metadata"]["labels"],
        }.items():
            for label in sorted(six - set(labels)):
                overlay.say(thing, f"label {label} expected of {where}")
    for thing in overlay.of("Deployment"):
        name = thing["metadata"]["name"]
        wanted = {APP + "name": name, APP + "instance": "echange"}
        overlay.want(
            thing,
            thing["spec"]["selector"] == {"matchLabels": wanted},
            "a selector of name and instance alone expected: it can't change",
        )
        overlay.want(
            thing,
            selects(thing["spec"]["selector"], thing["spec"]["template"]["metadata"]["labels"]),
            "a selector that its pods have expected",
        )


@rule
def variables_are_known_and_secrets_referred_to(overlay):
    for thing in overlay.of("Secret"):
        overlay.say(thing, "no Secret expected in the manifests: `hub kubernetes` prints them")
    for thing in overlay.of("ConfigMap"):
        for key, value in at(thing, "data", {}).items():
            overlay.want(thing, not (SECRET.search(key) or SECRET_TEXT.search(value)), f"nothing secret expected, {key} looks so")
    maps = {thing["metadata"]["name"]: at(thing, "data", {}) for thing in overlay.of("ConfigMap")}
    for thing in overlay.of("Deployment", "Job"):
        process = process_of(thing)
        known = known_variables(process)
        for container in containers(thing):
            overlay.want(thing, not container.get("envFrom"), "no envFrom expected: nobody sees what it brings")
            given = {}
            for item in container.get("env", []):
                name = item["name"]
                overlay.want(thing, name not in given, f"{name} expected once")
                given[name] = item
                overlay.want(thing, name in known or name in NOT_READ, f"{name} is no variable that {process} knows")
                overlay.want(thing, not SECRET_TEXT.search(item.get("value", "")), f"no secret expected as the value of {name}")
                if SECRET.search(name) and name != "IDENTITY_PUBLIC_KEYS":
                    overlay.want(thing, at(item, "valueFrom.secretKeyRef"), f"{name} expected by secretKeyRef")
                secret, config = at(item, "valueFrom.secretKeyRef"), at(item, "valueFrom.configMapKeyRef")
                if secret and name != "DATABASE_URL":
                    overlay.want(
                        thing, secret["name"] in MADE_ELSEWHERE, f"{name} refers to Secret/{secret['name']}, which nobody makes"
                    )
                if config and config["name"] not in MADE_ELSEWHERE:
                    there = config.get("optional") or config["key"] in maps.get(config["name"], {})
                    overlay.want(thing, there, f"{name} refers to {config['key']} of ConfigMap/{config['name']}, which is not there")
            for name, (_, must_be_given, _) in known.items():
                overlay.want(thing, not must_be_given or name in given, f"{name} expected: {process} does not start without it")
            url = at(given.get("DATABASE_URL", {}), "valueFrom.secretKeyRef")
            if url:
                database = overlay.named("Cluster", url["name"].removesuffix("-app"))
                is_own = url["key"] == "uri" and database and at(database, "spec.inheritedMetadata.labels.database") == process
                if overlay.has_one_database:
                    # Made with the password of its role: `hub kubernetes pilot`
                    is_own = url == {"name": f"{process}-db-app", "key": "uri"}
                overlay.want(
                    thing, is_own, f"DATABASE_URL expected from the key uri of the secret <cluster>-app of {process}'s own Cluster"
                )
            hashing = at(given.get("HASH_KEYS", {}), "valueFrom.secretKeyRef.name", f"{process}-hash-keys")
            overlay.want(thing, hashing == f"{process}-hash-keys", f"HASH_KEYS expected from Secret/{process}-hash-keys, not {hashing}")
            own = at(given.get("IDENTITY_KEY", {}), "valueFrom.secretKeyRef.name")
            overlay.want(thing, own == f"{process}-identity", f"IDENTITY_KEY expected from Secret/{process}-identity, not {own}")


@rule
def services_lead_to_their_pods(overlay):
    for thing in overlay.of("Service"):
        found = [owner for owner, labels in overlay.pods() if selects({"matchLabels": at(thing, "spec.selector", {})}, labels)]
        is_own = len(found) == 1 and found[0]["kind"] == "Deployment" and found[0]["metadata"]["name"] == thing["metadata"]["name"]
        names = ", ".join(f"{owner['kind']}/{owner['metadata']['name']}" for owner in found) or "none"
        overlay.want(thing, is_own, f"a selector of the pods of Deployment/{thing['metadata']['name']} alone expected; it has {names}")
        ports = {
            value
            for owner in found
            if owner["kind"] == "Deployment"
            for container in containers(owner)
            for port in container.get("ports", [])
            for value in (port.get("name"), port["containerPort"])
        }
        for port in thing["spec"]["ports"]:
            overlay.want(
                thing,
                port.get("targetPort", port["port"]) in ports,
                f"targetPort {port.get('targetPort')} expected among its pods' ports",
            )
    listed = next((thing["data"]["SERVICES"] for thing in overlay.of("ConfigMap") if "SERVICES" in at(thing, "data", {})), "")
    for service in SERVICES:
        overlay.want(
            "ConfigMap/services",
            f"{service}=http://{service}:8080" in listed.replace(" ", "").split(","),
            f"{service}=http://{service}:8080 expected",
        )
    for thing in overlay.of("Ingress"):
        doors = set(re.findall(r"\"/([\w.-]+)", re.search(r"pub fn routes.*", source("services/gateway/src/lib.rs"), re.S)[0]))
        paths = [path for host in thing["spec"]["rules"] for path in host["http"]["paths"]]
        for path in paths:
            backend = overlay.named("Service", path["backend"]["service"]["name"])
            named = backend and path["backend"]["service"]["port"].get("name") in {port["name"] for port in backend["spec"]["ports"]}
            overlay.want(thing, named, f"a Service with that port expected behind {path['path']}")
            is_root = path["path"] == "/" and path["pathType"] == "Exact"
            overlay.want(thing, is_root or path["path"].strip("/") in doors, f"no path but the gateway's doors expected, not {path['path']}")
        overlay.want(thing, any(path["path"] == "/" for path in paths), "the path / alone expected: it leads to the console")
        for door in sorted(doors - {path["path"].strip("/") for path in paths}):
            overlay.say(thing, f"path /{door} expected: the gateway has it")
        size = at(thing, "metadata.annotations", {}).get("nginx.ingress.kubernetes.io/proxy-body-size")
        most = int(variables("crates/process/src")["MAX_UPLOAD"][2])
        overlay.want(thing, size == f"{most >> 20}m", f"proxy-body-size {most >> 20}m expected: MAX_UPLOAD is what the gateway takes")
        hosts = {host for entry in thing["spec"].get("tls", []) for host in entry["hosts"]}
        overlay.want(
            thing, not overlay.is_public or hosts == {host["host"] for host in thing["spec"]["rules"]}, "TLS expected for its host"
        )


@rule
def callers_have_addresses_of_their_own(overlay):
    gateway = overlay.named("Deployment", "gateway")
    given = {item["name"]: item.get("value") for item in containers(gateway)[0]["env"]}
    try:
        networks = [ipaddress.ip_network(text.strip()) for text in given.get("TRUSTED_PROXIES", "").split(",")]
        named = all(network.prefixlen for network in networks)
    except ValueError:
        named = False
    overlay.want(gateway, named, "TRUSTED_PROXIES expected, the ingress controller's networks: behind it all callers have one address")


@rule
def replicas_suit_the_place(overlay):
    for thing in overlay.of("Deployment"):
        name = thing["metadata"]["name"]
        if overlay.is_production:
            overlay.want(thing, "replicas" not in thing["spec"], "no replicas expected: they are the HorizontalPodAutoscaler's")
        else:
            overlay.want(thing, thing["spec"].get("replicas") == 1, "one replica expected")
        budgets = [
            budget
            for budget in overlay.of("PodDisruptionBudget")
            if selects(budget["spec"]["selector"], thing["spec"]["template"]["metadata"]["labels"])
        ]
        scalers = [scaler for scaler in overlay.of("HorizontalPodAutoscaler") if scaler["spec"]["scaleTargetRef"]["name"] == name]
        wanted = int(overlay.is_production)
        overlay.want(thing, len(budgets) == wanted, f"{wanted} PodDisruptionBudget expected, not {len(budgets)}")
        overlay.want(thing, len(scalers) == wanted, f"{wanted} HorizontalPodAutoscaler expected, not {len(scalers)}")
    for thing in overlay.of("HorizontalPodAutoscaler"):
        target = thing["spec"]["scaleTargetRef"]
        is_there = target["kind"] == "Deployment" and overlay.named("Deployment", target["name"])
        overlay.want(thing, is_there, f"a target that is there expected, not {target['kind']}/{target['name']}")
        overlay.want(thing, thing["spec"].get("minReplicas", 1) >= 2, "two replicas or more expected")
    for thing in overlay.of("PodDisruptionBudget"):
        found = [owner["kind"] for owner, labels in overlay.pods() if selects(thing["spec"]["selector"], labels)]
        overlay.want(thing, found == ["Deployment"], "a selector of one Deployment's pods expected")
        overlay.want(thing, thing["spec"].get("minAvailable") == 1, "minAvailable 1 expected: more could hold up a drain for ever")


def one_database_keeps_services_apart(overlay, thing):
    """What holds for the database of all: a role and a schema for each, their own passwords, and backups."""
    statements = at(thing, "spec.bootstrap.initdb.postInitApplicationSQL", [])
    roles = {role["name"]: role for role in at(thing, "spec.managed.roles", [])}
    overlay.want(thing, set(roles) == set(SERVICES), "a role for each service expected, and no other")
    for service in SERVICES:
        for statement in (f"CREATE ROLE {service}", f"CREATE SCHEMA {service} AUTHORIZATION {service}"):
            overlay.want(thing, statement in statements, f"postInitApplicationSQL: '{statement}' expected")
        role = roles.get(service, {})
        wanted = {"name": service, "ensure": "present", "login": True, "passwordSecret": {"name": f"{service}-db-app"}}
        overlay.want(thing, role == wanted, f"role {service} with the password of Secret/{service}-db-app and no rights expected")
    overlay.want(thing, at(thing, "spec.bootstrap.initdb.owner") not in SERVICES, "an owner that is not a service expected")
    stores = [at(plugin, "parameters.barmanObjectName") for plugin in thing["spec"].get("plugins", []) if plugin.get("isWALArchiver")]
    overlay.want(thing, len(stores) == 1 and overlay.named("ObjectStore", stores[0]), "an ObjectStore for its WAL expected")
    backups = [backup for backup in overlay.of("ScheduledBackup") if backup["spec"]["cluster"]["name"] == thing["metadata"]["name"]]
    overlay.want(thing, len(backups) == 1, "one ScheduledBackup expected")
    needed = 1 + 3
    for service in SERVICES:
        deployment = overlay.named("Deployment", service)
        given = {item["name"]: item.get("value") for item in containers(deployment)[0]["env"]}
        pool = int(given.get("DATABASE_CONNECTIONS") or known_variables(service)["DATABASE_CONNECTIONS"][2])
        # Its replica and the one that follows it in a rollout
        needed += 2 * (pool + int(given["WORKERS"]) + 1)
    there = int(at(thing, "spec.postgresql.parameters", {}).get("max_connections", 100))
    overlay.want(thing, there >= needed, f"max_connections of {needed} or more expected for all services in a rollout")


@rule
def databases_are_their_services_own(overlay):
    for thing in overlay.of("Cluster"):
        name, service = thing["metadata"]["name"], at(thing, "spec.inheritedMetadata.labels.database")
        if overlay.has_one_database:
            one_database_keeps_services_apart(overlay, thing)
            continue
        overlay.want(thing, service in SERVICES and name.startswith(f"{service}-db"), "label database: <service> of its pods expected")
        initdb = at(thing, "spec.bootstrap.initdb")
        made = initdb or at(thing, "spec.bootstrap.recovery", {})
        overlay.want(thing, made.get("database") == made.get("owner") == service, f"database and owner {service} expected")
        for statement in (
            "CREATE EXTENSION pg_trgm SCHEMA public",
            "CREATE EXTENSION unaccent SCHEMA public",
            f"CREATE SCHEMA {service} AUTHORIZATION {service}",
        ):
            said = not initdb or statement in initdb.get("postInitApplicationSQL", [])
            overlay.want(thing, said, f"postInitApplicationSQL: '{statement}' expected")
        overlay.want(
            thing, thing["spec"]["instances"] == (3 if overlay.is_production else 1), "3 instances in production, 1 elsewhere expected"
        )
        overlay.want(
            thing, not at(thing, "spec.backup.barmanObjectStore"), "no barmanObjectStore expected: the operator drops it in 1.31"
        )
        stores = [
            at(plugin, "parameters.barmanObjectName") for plugin in thing["spec"].get("plugins", []) if plugin.get("isWALArchiver")
        ]
        if overlay.is_production:
            overlay.want(thing, len(stores) == 1 and overlay.named("ObjectStore", stores[0]), "an ObjectStore for its WAL expected")
            for store in overlay.of("ObjectStore"):
                used = {key["name"] for key in at(store, "spec.configuration.s3Credentials", {}).values()}
                own = {store["metadata"]["name"].removesuffix("-db") + "-backup"}
                overlay.want(store, used == own, "a credential of its own expected")
        else:
            overlay.want(thing, not stores and not overlay.of("ScheduledBackup"), "no backups expected")
        scaler, deployment = overlay.named("HorizontalPodAutoscaler", service), overlay.named("Deployment", service)
        if scaler and deployment:
            given = {item["name"]: item for item in containers(deployment)[0]["env"]}
            if at(given["DATABASE_URL"], "valueFrom.secretKeyRef.name") == f"{name}-app":
                backups = [backup for backup in overlay.of("ScheduledBackup") if backup["spec"]["cluster"]["name"] == name]
                overlay.want(thing, len(backups) == 1, "one ScheduledBackup expected")
            numbers = [at(given.get(name, {}), "value") for name in ("DATABASE_CONNECTIONS", "WORKERS")]
            pool = int(numbers[0] or known_variables(service)["DATABASE_CONNECTIONS"][2])
            own = known_variables(service).get("LOGIN_CONNECTIONS", (None, None, "0"))[2]
            pool += int(at(given.get("LOGIN_CONNECTIONS", {}), "value") or own)
            # The pools, a line a worker, one that listens; a replica more during a rollout, a migration, the superuser's three
            needed = (scaler["spec"]["maxReplicas"] + 1) * (pool + int(numbers[1] or 0) + 1) + 1 + 3
            there = int(at(thing, "spec.postgresql.parameters", {}).get("max_connections", 100))
            overlay.want(
                thing, there >= needed and numbers[1], f"max_connections of {needed} or more expected for {service}'s most replicas"
            )


# Who reaches whom: every flow between what is there, as the policies have it, is as it should be


PORTS = [53, 443, 4318, 5432, 6443, 8000, 8080, 8443, 9187, 9464]
OUTSIDE = {
    "dns": ("10.96.0.10", "kube-system", {"k8s-app": "kube-dns"}),
    "kube-system": ("10.1.0.2", "kube-system", {}),
    "ingress-nginx": ("10.1.0.3", "ingress-nginx", {}),
    "monitoring": ("10.1.0.4", "monitoring", {}),
    "cnpg-system": ("10.1.0.5", "cnpg-system", {}),
    "another namespace": ("10.1.0.6", "default", {}),
    **{address: (address, None, {}) for address in ("8.8.8.8", "2606:4700::1111")},
    **{
        address: (address, None, {})
        for address in (
            "0.0.0.1",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.168.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2001:db8::1",
            "2002:a00:1::1",
        )
    },
}
PUBLIC = {"8.8.8.8", "2606:4700::1111"}
PRIVATE = [ipaddress.ip_network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")]


def peer_is(peer, address, namespace, labels):
    if "ipBlock" in peer:
        block, ip = peer["ipBlock"], ipaddress.ip_address(address)
        inside = lambda cidr: ip in ipaddress.ip_network(cidr)  # noqa: E731
        return inside(block["cidr"]) and not any(inside(cidr) for cidr in block.get("except", []))
    if namespace is None:
        return False
    if "namespaceSelector" in peer:
        if not selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": namespace}):
            return False
    elif namespace != "echange":
        return False
    return "podSelector" not in peer or selects(peer["podSelector"], labels)


def lets(policies, kind, own_labels, other, port):
    """Whether the policies that select a pod let it be reached by another (Ingress), or reach it (Egress)."""
    side, peers = ("ingress", "from") if kind == "Ingress" else ("egress", "to")
    bound = [
        policy for policy in policies if kind in policy["spec"]["policyTypes"] and selects(policy["spec"]["podSelector"], own_labels)
    ]
    if not bound:
        return True
    return any(
        (not way.get("ports") or any(opened["port"] == port for opened in way["ports"]))
        and (not way.get(peers) or any(peer_is(peer, *other) for peer in way[peers]))
        for policy in bound
        for way in policy["spec"].get(side) or []
    )


def flow_name(thing):
    return re.sub(r"-\d.*", "", thing["metadata"]["name"])


def flows(overlay):
    policies = overlay.of("NetworkPolicy")
    ours = {flow_name(thing): ("10.2.0.1", "echange", labels) for thing, labels in overlay.pods()}
    everybody = ours | OUTSIDE
    for source_name, sender in everybody.items():
        for target_name, target in everybody.items():
            for port in PORTS if source_name in ours or target_name in ours else []:
                goes_out = source_name not in ours or lets(policies, "Egress", sender[2], target, port)
                if goes_out and (target_name not in ours or lets(policies, "Ingress", target[2], sender, port)):
                    yield source_name, target_name, port


def wanted_flows(overlay):
    ours = [flow_name(thing) for thing, _ in overlay.pods()]
    wanted = {(name, "dns", 53) for name in ours} | {("ingress-nginx", "gateway", 8080)}
    wanted |= {("gateway", "console", 8080), ("console", "gateway", 8080)}
    for process in PROCESSES:
        wanted |= {(process, "monitoring", 4318), ("monitoring", process, 9464)}
        # Pages are made of what the doors answer
        wanted |= {(process, service, 8080) for service in SERVICES if process != "console"}
    for service in SERVICES:
        database = overlay.database_of(service)
        wanted |= {(service, database, 5432), (f"{service}-migration", database, 5432), ("monitoring", database, 9187)}
        wanted |= {(other, database, port) for other in (database, "cnpg-system") for port in (5432, 8000)}
        # The Kubernetes API, in the cluster's own addresses, and the object storage have no name that a policy knows
        private = [other for other, (address, *_) in OUTSIDE.items() if any(ipaddress.ip_address(address) in net for net in PRIVATE)]
        wanted |= {(database, other, port) for other in private for port in (443, 6443)} | {(database, other, 443) for other in PUBLIC}
    if overlay.is_public:
        return wanted | {(service, address, 443) for service in ("sync", "bridge") for address in PUBLIC}
    wanted |= {("bridge", address, 443) for address in PUBLIC}
    return wanted | {("sync", other, port) for other in OUTSIDE for port in PORTS}


@rule
def network_is_closed_but_where_it_is_opened(overlay):
    deny = [
        policy
        for policy in overlay.of("NetworkPolicy")
        if not policy["spec"]["podSelector"]
        and set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        and not {"ingress", "egress"} & set(policy["spec"])
    ]
    overlay.want("NetworkPolicy/default-deny", len(deny) == 1, "one policy expected that denies both ways for all pods")
    pods = [labels for _, labels in overlay.pods()]
    for policy in overlay.of("NetworkPolicy"):
        ways = [(way, key) for side, key in (("ingress", "from"), ("egress", "to")) for way in policy["spec"].get(side) or []]
        peers = [
            peer["podSelector"]
            for way, key in ways
            for peer in way.get(key, [])
            if "podSelector" in peer and "namespaceSelector" not in peer
        ]
        for selector in [policy["spec"]["podSelector"], *peers]:
            overlay.want(
                policy,
                any(selects(selector, labels) for labels in pods),
                f"a selector of pods that are there expected, not {json.dumps(selector)}",
            )
    for thing, labels in overlay.pods():
        for kind in ("Ingress", "Egress"):
            bound = any(
                kind in policy["spec"]["policyTypes"] and selects(policy["spec"]["podSelector"], labels)
                for policy in overlay.of("NetworkPolicy")
            )
            overlay.want(thing, bound, f"a NetworkPolicy for its {kind.lower()} expected")
    found, wanted = set(flows(overlay)), wanted_flows(overlay)
    for source_name, target, port in sorted(wanted - found):
        overlay.say("NetworkPolicy", f"{source_name} expected to reach {target} on {port}")
    for source_name, target, port in sorted(found - wanted):
        overlay.say("NetworkPolicy", f"{source_name} expected not to reach {target} on {port}")


# Alerts and the dashboard


def asked(text):
    """The metrics that an expression asks for, with the labels that it wants each to have, and those that it groups by."""
    tree = promql_parser.parse(text.replace("$__rate_interval", "5m"))
    wants, grouped, made = [], set(), set()

    def visit(node):
        if isinstance(node, promql_parser.VectorSelector):
            wants.append((node.name, {matcher.name for matcher in node.matchers.matchers}))
        elif isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            grouped.update(node.modifier.labels)
        elif isinstance(node, promql_parser.BinaryExpr) and node.modifier and node.modifier.matching:
            grouped.update(node.modifier.matching.labels)
        elif isinstance(node, promql_parser.Call) and node.func.name == "label_replace":
            made.add(node.args[1].val)
        return True

    promql_parser.walk(tree, visit)
    return wants, grouped, made


def hold_expression(overlay, where, text, known):
    """Holds an expression against the metrics that there are. Answers the labels that its result may have."""
    try:
        wants, grouped, made = asked(text)
    except ValueError as error:
        overlay.say(where, f"a PromQL expression expected: {str(error).splitlines()[0]}: {text}")
        return set()
    labels = set(made) | TARGET_LABELS
    for name, matched in wants:
        overlay.want(where, name in known, f"a metric that the sources declare expected, not {name}")
        labels |= known.get(name, matched)
        for label in sorted(matched - known.get(name, matched) - TARGET_LABELS):
            overlay.say(where, f"a label of {name} expected, not {label}")
    for label in sorted(grouped - labels):
        overlay.say(where, f"a label of its metrics expected, not {label}")
    return labels


@rule
def alerts_and_dashboard_speak_of_what_there_is(overlay):
    monitors, rules = overlay.of("ServiceMonitor"), overlay.of("PrometheusRule")
    if not overlay.is_production:
        overlay.want("ServiceMonitor", not monitors and not rules, "no monitoring expected")
        return
    overlay.want("ServiceMonitor", len(monitors) == 1, "one expected")
    for thing in monitors:
        for service in overlay.of("Service"):
            overlay.want(
                thing,
                selects(thing["spec"]["selector"], service["metadata"]["labels"]),
                f"Service/{service['metadata']['name']} expected among those it selects",
            )
            ports = {port["name"] for port in service["spec"]["ports"]}
            for endpoint in thing["spec"]["endpoints"]:
                overlay.want(
                    thing,
                    endpoint["port"] in ports and endpoint["path"] == "/metrics",
                    f"/metrics on a port of Service/{service['metadata']['name']} expected",
                )
    databases = overlay.of("PodMonitor")
    overlay.want("PodMonitor", len(databases) == 1, "one expected")
    for thing in databases:
        for database in overlay.of("Cluster"):
            # The labels and the port's name are the operator's
            has = {"cnpg.io/cluster": database["metadata"]["name"]}
            said = f"Cluster/{database['metadata']['name']} expected among those it selects"
            overlay.want(thing, selects(thing["spec"]["selector"], has), said)
        ports = [endpoint["port"] for endpoint in thing["spec"]["podMetricsEndpoints"]]
        overlay.want(thing, ports == ["metrics"], "the port metrics of the databases' pods expected")
    known = dict(metrics())
    runbooks = re.findall(r"^## (.+)$", (ROOT / "docs/runbooks.md").read_text(), re.M)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in runbooks}
    alerts = set()
    for thing in rules:
        for entry in [entry for group in thing["spec"]["groups"] for entry in group["rules"]]:
            where = f"PrometheusRule/{thing['metadata']['name']} {entry.get('alert') or entry.get('record')}"
            labels = hold_expression(overlay, where, entry["expr"], known)
            if "record" in entry:
                known[entry["record"]] = labels
                continue
            alerts.add(entry["alert"])
            overlay.want(where, at(entry, "labels.severity") in ("page", "ticket"), "severity page or ticket expected")
            for name in ("summary", "description", "runbook_url"):
                overlay.want(where, at(entry, f"annotations.{name}"), f"annotation {name} expected")
            page, _, anchor = at(entry, "annotations.runbook_url", "").partition("#")
            overlay.want(
                where, page.endswith("/runbooks") and anchor in anchors, f"a heading of docs/runbooks.md expected, not #{anchor}"
            )
            for label in re.findall(r"\$labels\.(\w+)", " ".join(entry.get("annotations", {}).values())):
                overlay.want(where, label in labels, f"a label of its result expected in its words, not {label}")
    for heading in runbooks:
        overlay.want("PrometheusRule", heading in alerts, f"an alert {heading} expected: docs/runbooks.md has it")
    dashboards = [thing for thing in overlay.of("ConfigMap") if at(thing, "metadata.labels", {}).get("grafana_dashboard") == "1"]
    overlay.want("ConfigMap", len(dashboards) == 1, "one dashboard expected")
    for thing in dashboards:
        for text in thing["data"].values():
            for panel in json.loads(text)["panels"]:
                for target in panel.get("targets", []):
                    hold_expression(overlay, f"ConfigMap/{thing['metadata']['name']} {panel['title']}", target["expr"], known)


def check(overlay, objects, kinds):
    """Everything that is wrong with an overlay; the schemas are asked about these objects of it alone."""
    overlay.findings = []
    schema_errors(overlay, kinds, objects)
    for function in RULES:
        try:
            function(overlay)
        except (AttributeError, KeyError, IndexError, TypeError, StopIteration) as error:
            overlay.say(function.__name__, f"objects of the usual shape expected: {type(error).__name__} {error}")
    return overlay.findings


# The proof that it finds what it should


# what is broken | object | where in it | what it becomes (JSON), - for nothing, + for one more, s/// in a text | what must be said
BREAKS = """
a tag latest | Deployment/catalog | CONTAINER image | "registry.example.com/echange/catalog:latest" | a version as its tag
no tag | Deployment/catalog | CONTAINER image | "registry.example.com/echange/catalog" | a version as its tag
a migration of another version | Job/stock-migration | CONTAINER image | "echange/stock:9.9.9" | that of Deployment/stock
a migration without a version | Job/stock-migration | metadata name | "stock-migration" | ends with -
no migration | Job/sync-migration | | - | one migration expected
a PostgreSQL of any minor version | Cluster/crm-db | spec imageName | "ghcr.io/cloudnative-pg/postgresql:18" | minor version
no readiness probe | Deployment/catalog | CONTAINER readinessProbe | - | readinessProbe of /health/ready
a liveness probe of the database | Deployment/catalog | CONTAINER livenessProbe httpGet path | "/health/ready" | livenessProbe of
no startup probe | Deployment/catalog | CONTAINER startupProbe | - | startupProbe of /health/ready
an unknown field | Deployment/catalog | POD terminationGracePeriod | 60 | terminationGracePeriod
a field of another type | Deployment/catalog | CONTAINER ports 0 containerPort | "http" | containerPort
an unknown field of a Cluster | Cluster/crm-db | spec instanses | 3 | instanses is no field
a wrong value in a Cluster | Cluster/crm-db | spec postgresql synchronous method | "some" | unknown variant `some`
a missing field of a ScheduledBackup | ScheduledBackup/crm-db | spec schedule | - | missing field `schedule`
an unknown field of an ObjectStore | ObjectStore/crm-db | spec retention | "30d" | retention is no field
an unknown field of a ServiceMonitor | ServiceMonitor/echange | spec endpoints 0 every | "30s" | every is no field
an unknown field of a rule | PrometheusRule/echange | LETTERS form | "5m" | form is no field
an old API | HorizontalPodAutoscaler/crm | apiVersion | "autoscaling/v2beta2" | has no autoscaling/v2beta2
root | Deployment/catalog | POD securityContext runAsUser | 0 | runAsUser: 65532
no seccomp profile | Deployment/catalog | POD securityContext seccompProfile | - | seccompProfile.type
a filesystem to write to | Deployment/catalog | CONTAINER securityContext readOnlyRootFilesystem | false | readOnlyRootFilesystem: true
a capability kept | Deployment/catalog | CONTAINER securityContext capabilities | {"drop": ["NET_RAW"]} | capabilities
a migration with a token | Job/crm-migration | POD automountServiceAccountToken | true | automountServiceAccountToken: false
service links | Deployment/catalog | POD enableServiceLinks | - | enableServiceLinks: false
another's ServiceAccount | Deployment/catalog | POD serviceAccountName | "crm" | serviceAccountName
no ServiceAccount | ServiceAccount/crm | | - | ServiceAccount/crm: expected
no limit of memory | Deployment/catalog | CONTAINER resources limits memory | - | resources.limits.memory
a limit of cpu | Deployment/catalog | CONTAINER resources limits cpu | "1" | no limit of cpu
a rollout that takes replicas away | Deployment/catalog | spec strategy rollingUpdate maxUnavailable | 1 | maxUnavailable 0
too little time to stop | Deployment/catalog | POD terminationGracePeriodSeconds | 30 | terminationGracePeriodSeconds over
no spread | Deployment/catalog | POD topologySpreadConstraints | - | a spread over zones
a label missing | Deployment/catalog | spec template metadata labels app.kubernetes.io/part-of | - | part-of expected of its pods
a version in a selector | Deployment/catalog | spec selector matchLabels app.kubernetes.io/version | "0.1.0" | name and instance alone
a Secret | ConfigMap/environment | kind | "Secret" | no Secret expected
a secret in a ConfigMap | ConfigMap/environment | data PLATFORM_KEYS | "a:b" | nothing secret expected
a secret as a value | Deployment/partners | ENV name=ADMIN_PASSWORD | {"name": "ADMIN_PASSWORD", "value": "x"} | by secretKeyRef
a password in a URL | Deployment/catalog | ENV | + {"name": "LOG", "value": "http://u:x@log"} | no secret expected as the value of LOG
an unknown variable | Deployment/catalog | ENV | + {"name": "DRAIN", "value": "1"} | DRAIN is no variable that catalog knows
another service's variable | Deployment/gateway | ENV | + {"name": "DATABASE_CONNECTIONS", "value": "1"} | no variable that gateway knows
all callers from one address | Deployment/gateway | ENV name=TRUSTED_PROXIES | - | TRUSTED_PROXIES expected
everybody a proxy | Deployment/gateway | ENV name=TRUSTED_PROXIES value | "0.0.0.0/0" | TRUSTED_PROXIES expected
a variable missing | Deployment/sync | ENV name=PLATFORM_KEYS | - | PLATFORM_KEYS expected
a variable missing in a migration | Job/crm-migration | ENV name=LOAN_FILE_KEYS | - | LOAN_FILE_KEYS expected
another's key | Deployment/catalog | ENV name=IDENTITY_KEY valueFrom secretKeyRef name | "crm-identity" | Secret/catalog-identity
another's hash keys | Deployment/catalog | ENV name=HASH_KEYS valueFrom secretKeyRef name | "crm-hash-keys" | Secret/catalog-hash-keys
a Secret that nobody makes | Deployment/crm | ENV name=LOAN_FILE_KEYS valueFrom secretKeyRef name | "keys" | which nobody makes
a key that a ConfigMap lacks | Deployment/crm | ENV name=SERVICES valueFrom configMapKeyRef key | "SERVICE" | which is not there
a Service's wrong selector | Service/stock | spec selector app.kubernetes.io/name | "stocks" | the pods of Deployment/stock alone
a Service of the migration too | Service/stock | spec selector | {"app.kubernetes.io/instance": "echange"} | Deployment/stock alone
a wrong targetPort | Service/stock | spec ports 0 targetPort | "web" | targetPort web
a service that is not listed | ConfigMap/services | data SERVICES | "crm=http://crm:8080" | stock=http://stock:8080 expected
metrics for the outside | Ingress/hub | spec rules 0 http paths 0 path | "/metrics" | not /metrics
everything for the outside | Ingress/hub | spec rules 0 http paths 1 path | "/" | no path but the gateway's doors
a closed door | Ingress/hub | spec rules 0 http paths 1 | - | path /api expected
no TLS | Ingress/hub | spec tls | - | TLS expected
a larger body than the gateway takes | Ingress/hub | metadata annotations nginx.ingress.kubernetes.io/proxy-body-size | "8m" | proxy-body-size 15m
no budget | PodDisruptionBudget/crm | | - | 1 PodDisruptionBudget expected
a budget of nobody | PodDisruptionBudget/crm | spec selector matchLabels app.kubernetes.io/name | "cmr" | one Deployment's pods
no autoscaler | HorizontalPodAutoscaler/crm | | - | 1 HorizontalPodAutoscaler expected
an autoscaler of nobody | HorizontalPodAutoscaler/crm | spec scaleTargetRef name | "cmr" | a target that is there
replicas beside an autoscaler | Deployment/catalog | spec replicas | 2 | no replicas expected
another's database | Cluster/crm-db | spec bootstrap initdb owner | "stock" | database and owner crm
no schema | Cluster/crm-db | spec bootstrap initdb postInitApplicationSQL 2 | - | CREATE SCHEMA crm
too few connections | Cluster/crm-db | spec postgresql parameters max_connections | "100" | max_connections of
no backup | ScheduledBackup/crm-db | | - | one ScheduledBackup
no place for the WAL | ObjectStore/crm-db | | - | an ObjectStore for its WAL
no default deny | NetworkPolicy/default-deny | | - | denies both ways
no way to a database | NetworkPolicy/catalog-to-db | | - | catalog expected to reach catalog-db on 5432
a database for all | NetworkPolicy/crm-db | spec ingress 0 from | - | monitoring expected not to reach crm-db on 5432
a way to another's database | NetworkPolicy/stock-to-db | spec egress 0 to 0 podSelector matchLabels database | "crm" | stock expected
the cloud's metadata for a database | NetworkPolicy/crm-db | spec egress 1 to 0 ipBlock cidr | "169.254.0.0/16" | crm-db expected not to reach 169.254.169.254 on 443
another's backups | ObjectStore/crm-db | spec configuration s3Credentials secretAccessKey name | "stock-backup" | a credential of its own expected
the cloud's metadata for sync | NetworkPolicy/sync-to-platforms | EXCEPT 4 | - | sync expected not to reach 169.254.169.254 on 443
a private network for the bridge | NetworkPolicy/bridge-to-odoo | EXCEPT 1 | - | bridge expected not to reach 10.
a way out for all | NetworkPolicy/dns | spec egress 0 to | - | expected not to reach 8.8.8.8 on 53
services for the outside | NetworkPolicy/gateway | spec podSelector | {} | ingress-nginx expected not to reach catalog on 8080
a policy of nobody | NetworkPolicy/gateway | spec podSelector matchLabels app.kubernetes.io/name | "gate" | pods that are there
an unknown metric | PrometheusRule/echange | LETTERS expr | "hub_dead_letters > 0" | not hub_dead_letters
an unknown label | PrometheusRule/echange | LETTERS expr | "hub_deliveries_dead{bank='x'} > 0" | not bank
a grouping by an unknown label | PrometheusRule/echange | LETTERS expr | "max by (bank) (hub_deliveries_dead) > 0" | not bank
a broken expression | PrometheusRule/echange | LETTERS expr | "max by (platform) hub_deliveries_dead >" | a PromQL expression
no runbook | PrometheusRule/echange | LETTERS annotations runbook_url | "https://docs.example.com/runbooks#dead" | a heading of docs
no summary | PrometheusRule/echange | LETTERS annotations summary | - | annotation summary
no severity | PrometheusRule/echange | LETTERS labels severity | - | severity page or ticket
an alert renamed | PrometheusRule/echange | LETTERS alert | "Dead" | an alert DeadLetters expected
an unknown metric to see | ConfigMap/grafana-dashboard | data dashboard.json | s/outbox_pending/outbox_waits/ | not hub_outbox_waits
databases that nobody scrapes | PodMonitor/echange-databases | spec selector | {"matchLabels": {"database": "crm"}} | Cluster/stock-db expected
databases' metrics closed | NetworkPolicy/crm-db | spec ingress 2 | - | monitoring expected to reach crm-db on 9187
Services that nobody scrapes | ServiceMonitor/echange | spec selector matchLabels app.kubernetes.io/part-of | "hub" | among those
"""
PLACES = {
    "POD": "spec template spec",
    "CONTAINER": "spec template spec containers 0",
    "ENV": "spec template spec containers 0 env",
    "LETTERS": "spec groups name=echange.deliveries rules alert=DeadLetters",
    "EXCEPT": "spec egress 0 to 0 ipBlock except",
}


def step(thing, part):
    """The index or the key of a part of a path."""
    key, _, value = part.partition("=")
    if not isinstance(thing, list):
        return part
    return next(index for index, item in enumerate(thing) if item[key] == value) if value else int(key)


def broken(overlay, where, path, change):
    """A copy of the overlay with one thing changed, and the object that was."""
    overlay = Overlay(overlay.name, copy.deepcopy(overlay.objects))
    kind, name = where.split("/")
    thing = next(found for found in overlay.of(kind) if re.fullmatch(rf"{name}(-[\w.]+)?", found["metadata"]["name"]))
    *parts, last = " ".join(PLACES.get(part, part) for part in path.split()).split() or [None]
    if last is None:
        overlay.objects.remove(thing)
        return overlay, []
    inner = thing
    for part in parts:
        inner = inner[step(inner, part)]
    last = step(inner, last)
    if change == "-":
        del inner[last]
    elif change.startswith("+"):
        inner[last].append(json.loads(change[1:]))
    elif change.startswith("s/"):
        inner[last] = inner[last].replace(*change.split("/")[1:3])
    else:
        inner[last] = json.loads(change)
    return overlay, [thing]


# The same of the pilot, where it differs
PILOT_BREAKS = """
a service without a schema | Cluster/hub-db | spec bootstrap initdb postInitApplicationSQL 3 | - | CREATE SCHEMA catalog
a service without a role | Cluster/hub-db | spec managed roles name=stock | - | a role for each service
a service with rights | Cluster/hub-db | spec managed roles name=stock superuser | true | and no rights expected
a password of another's | Cluster/hub-db | spec managed roles name=stock passwordSecret name | "crm-db-app" | Secret/stock-db-app
a service as the owner | Cluster/hub-db | spec bootstrap initdb owner | "crm" | an owner that is not a service
another's database | Deployment/stock | ENV name=DATABASE_URL valueFrom secretKeyRef name | "crm-db-app" | DATABASE_URL expected
no backup | ScheduledBackup/hub-db | | - | one ScheduledBackup
too few connections | Cluster/hub-db | spec postgresql parameters max_connections | "100" | max_connections of
no way to the database | NetworkPolicy/stock-to-db | | - | stock expected to reach hub-db on 5432
a database for all | NetworkPolicy/hub-db | spec ingress 0 from | - | monitoring expected not to reach hub-db on 5432
no TLS | Ingress/hub | spec tls | - | TLS expected
"""


def self_test(production, kinds, breaks=BREAKS):
    passed, failed, before = 0, 0, set(check(production, production.objects, kinds))
    for line in breaks.strip().splitlines():
        what, where, path, change, expected = (part.strip() for part in line.split("|"))
        findings = [finding for finding in check(*broken(production, where, path, change), kinds) if finding not in before]
        if any(expected in finding for finding in findings):
            passed += 1
        else:
            failed += 1
            print(f"k8s self-test: {what}: a finding with '{expected}' expected, found {findings or 'none'}")
    return passed, failed


def as_documented(kubectl):
    """The overlays of a copy in which the first step of docs/kubernetes.md was done, word for word, and what is left of our names."""
    page = (ROOT / "docs/kubernetes.md").read_text()
    step = re.search(r"^## The first time$.*?^```sh\n(.*?)^```$", page, re.M | re.S)[1]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        shutil.copytree(ROOT / "k8s", folder / "k8s")
        path = f"{pathlib.Path(kubectl).parent}:{os.environ['PATH']}"
        shell = ["bash", "-euo", "pipefail", "-c", step]
        done = subprocess.run(shell, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"docs/kubernetes.md: a first step that can be done expected: {done.stderr.strip()}")
        overlays = [render(kubectl, path.name, folder) for path in sorted((folder / "k8s/overlays").iterdir())]
    ours = [overlay.name for overlay in overlays if "example.com" in str(overlay.objects)]
    left = [f"k8s/overlays/{name}: no example.com expected after the first step of docs/kubernetes.md" for name in ours]
    return overlays, left


def main():
    kubectl, kinds, *rest = sys.argv[1:]
    mode = rest[0].removeprefix("--") if rest else "k8s-check"
    overlays, findings = (
        as_documented(kubectl)
        if mode == "as-documented"
        else ([render(kubectl, path.name) for path in sorted((ROOT / "k8s/overlays").iterdir())], [])
    )
    if mode == "self-test":
        by_name = {overlay.name: overlay for overlay in overlays}
        found = [self_test(by_name["production"], kinds), self_test(by_name["pilot"], kinds, PILOT_BREAKS)]
        passed, failed = (sum(numbers) for numbers in zip(*found))
    else:
        findings += [finding for overlay in overlays for finding in check(overlay, overlay.objects, kinds)]
        print("\n".join(findings), end="\n" if findings else "")
        passed, failed = sum(len(overlay.objects) + len(RULES) for overlay in overlays), len(findings)
    print(f"{mode}: {passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
