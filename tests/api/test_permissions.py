"""Every route, called by every kind of caller: what permissions.csv expects is what happens."""

import csv
import json
import pathlib
import re
import uuid

import pytest
import requests
from calls import CALLS
from objects import Objects

HERE = pathlib.Path(__file__).parent
# Not described in api/*.yaml: what the server adds of its own.
EXTRA_ROUTES = {("GET", "/metrics")}


class Caller:
    def __init__(self, url, token=None, name=None):
        self.url, self.name = url, name
        self.session = requests.Session()
        self.session.trust_env = False
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method, path, **more):
        return self.session.request(method, self.url + path, timeout=60, **more)

    def ok(self, method, path, **more):
        answer = self.call(method, path, **more)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.text else {}

    def sql(self, text):
        body = {"statement": text, "warehouse_id": self.warehouse, "wait_timeout": "30s"}
        answer = self.ok("POST", "/api/2.0/sql/statements", json=body)
        assert answer["status"]["state"] == "SUCCEEDED", answer
        return answer


def rows():
    """The table's rows, one for each path they stand for, with the call's own key: the first of those paths."""
    lines = [line for line in (HERE / "permissions.csv").read_text().splitlines() if not line.startswith("#")]
    for row in csv.DictReader(lines):
        versions = re.match(r"(.*)\((.*)\)(.*)", row["path"])
        paths = [versions[1] + one + versions[3] for one in versions[2].split("|")] if versions else [row["path"]]
        for path in paths:
            yield {**row, "path": path, "key": f"{row['method']} {paths[0]}"}


def filled(value, names):
    if isinstance(value, dict):
        return {key: filled(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, names) for one in value]
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\{(\w+)\}", value)
    return names[whole[1]] if whole else re.sub(r"\{(\w+)\}", lambda name: str(names[name[1]]), value)


@pytest.fixture(scope="module")
def url(server):
    return server.info["url"]


@pytest.fixture(scope="module")
def admin(server, url):
    caller = Caller(url, server.info["token"], "admin@localhost")
    caller.warehouse = server.info["warehouse_id"]
    return caller


@pytest.fixture(scope="module")
def objects(server, admin, tmp_path_factory):
    return Objects(admin, server.info, tmp_path_factory.mktemp("locations"))


@pytest.fixture(scope="module")
def make_principal(url, admin):
    def make(*entitlements):
        body = {"displayName": f"p-{uuid.uuid4()}", "entitlements": [{"value": one} for one in entitlements]}
        name = admin.ok("POST", "/api/2.0/preview/scim/v2/ServicePrincipals", json=body)["applicationId"]
        token = admin.ok("POST", "/api/2.0/token-management/on-behalf-of/tokens", json={"application_id": name})
        return Caller(url, token["token_value"], name)

    return make


@pytest.fixture(scope="module")
def callers(url, admin, make_principal, server):
    entitled = make_principal("allow-cluster-create")
    maker = make_principal()
    on_workspace_warehouse(admin, server, maker)
    return {"anonymous": Caller(url), "user": make_principal(), "admin": admin, "entitled": entitled, "maker": maker,
            "holder": make_principal()}


def on_workspace_warehouse(admin, server, caller):
    change = {"service_principal_name": caller.name, "permission_level": "CAN_USE"}
    admin.ok("PATCH", f"/api/2.0/permissions/warehouses/{server.info['warehouse_id']}", json={"access_control_list": [change]})


def grant(admin, holder, spec, names):
    """Gives the holder the row's grant on the object, and what leads to the object."""
    for one in spec.split("+"):
        grant_one(admin, holder, *one.split(":"), names)


def grant_one(admin, holder, kind, level, names):
    if kind == "ANY_FILE":
        return admin.sql(f"GRANT {level} ON ANY FILE TO `{holder.name}`")
    if kind.islower():
        change = {"access_control_list": [{"service_principal_name": holder.name, "permission_level": level}]}
        return admin.ok("PATCH", f"/api/2.0/permissions/{kind}/{names['id']}", json=change)
    steps = []
    if kind in ("SCHEMA", "TABLE", "VOLUME"):
        steps.append(("catalog", "main", ["USE_CATALOG"]))
        schema = names["schema"] if kind != "SCHEMA" else names["name"]
        steps.append(("schema", f"main.{schema}", ["USE_SCHEMA"]))
    if kind == "METASTORE":
        metastore = admin.ok("GET", "/api/2.1/unity-catalog/metastore_summary")["metastore_id"]
        steps.append(("metastore", metastore, [level]))
    else:
        wanted = [level] + (["USE_CATALOG"] if kind == "CATALOG" and level != "MANAGE" else [])
        steps.append((kind.lower(), names.get("full_name", names["name"]), wanted))
    for securable, name, privileges in steps:
        admin.ok("PATCH", f"/api/2.1/unity-catalog/permissions/{securable}/{name}",
                 json={"changes": [{"principal": holder.name, "add": privileges}]})


def outcome(answer, shown):
    """What the answer means; for lists, whether it shows the object."""
    if answer.status_code in (401, 403):
        return str(answer.status_code)
    code = ""
    if answer.status_code >= 400 and answer.text.startswith("{"):
        code = answer.json().get("error_code", "")
    assert code not in ("ENDPOINT_NOT_FOUND", "NOT_IMPLEMENTED"), answer.text
    if answer.status_code == 404 or (answer.status_code == 400 and "does not exist" in answer.text):
        return "hidden"
    assert answer.ok, f"{answer.status_code} {answer.text}"
    return ("ok", "with" if shown in answer.text else "without")


def expect(row, column, caller, names):
    call = CALLS[row["key"]]
    path = re.sub(r"\{(\w+)(\.\.\.)?\}", lambda name: str(filled(call.path[name[1]], names)), row["path"])
    body = filled(call.body, names) if call.body is not None else None
    more = {"json": body} if body is not None else {"data": call.data}
    answer = caller.call(row["method"], path, params=filled(call.query, names), **more)
    wanted = row[column]
    shown = str(filled(call.shows, names)) if wanted in ("with", "without") else ""
    got = outcome(answer, shown)
    assert wanted in got if isinstance(got, tuple) else wanted == got, (
        f"{column}: {row['method']} {path} answers {answer.status_code} {answer.text[:400]!r}; expected {wanted}")


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: f"{row['method']} {row['path']}")
def test_route(row, callers, objects, admin):
    call = CALLS[row["key"]]
    maker = callers["maker"] if row["holder"] == "maker" else None
    made = objects.get(call.kind, maker, fresh=call.changes)
    objects_task = {"task": [objects.task()]}
    for column in ("anonymous", "user"):
        expect(row, column, callers[column], {**made, **objects_task})
        if call.changes and row[column] == "ok":
            made = objects.get(call.kind, maker)
    if row["holder"] != "-":
        kind = row["holder"].split(":")[0]
        holder = callers[{"maker": "maker", "entitlement": "entitled"}.get(kind, "holder")]
        if kind not in ("maker", "entitlement"):
            grant(admin, holder, row["holder"], made)
        expect(row, "held", holder, {**made, **objects_task})
    if call.changes and row["holder"] != "-":
        made = objects.get(call.kind, maker)
    expect(row, "admin", admin, {**made, **objects_task})


# Type in the path, what is made, and the least one can hold on it.
OBJECT_TYPES = [("clusters", "cluster", "CAN_ATTACH_TO"), ("jobs", "job", "CAN_VIEW"), ("warehouses", "warehouse_", "CAN_VIEW"),
                ("sql/warehouses", "warehouse_", "CAN_VIEW"), ("directories", "notebook", "CAN_READ"), ("notebooks", "notebook", "CAN_READ"),
                ("files", "file", "CAN_READ")]


@pytest.mark.parametrize("kind, made, least", OBJECT_TYPES, ids=lambda value: value)
def test_permissions_of_each_type_of_object(kind, made, least, admin, objects, make_principal):
    """Nobody sees or changes them; whoever holds something sees; only CAN_MANAGE changes, and can be taken away again."""
    thing = objects.get("notebook" if made == "file" else made)
    number = thing["id"] if kind != "notebooks" else objects.id_of(admin, thing["path"])
    if made == "file":
        body = {"path": thing["folder"] + "/f.bin", "content": "eA==", "format": "RAW"}
        admin.ok("POST", "/api/2.0/workspace/import", json=body)
        number = objects.id_of(admin, body["path"])
    path = f"/api/2.0/permissions/{kind}/{number}"
    one, other = make_principal(), make_principal()

    def held(caller, level):
        return {"access_control_list": [{"service_principal_name": caller.name, "permission_level": level}]}

    def statuses(caller):
        return [caller.call("GET", path).status_code, caller.call("PATCH", path, json=held(other, least)).status_code,
                caller.call("PUT", path, json=held(caller, "CAN_MANAGE")).status_code]

    assert statuses(one) == [403, 403, 403]
    admin.ok("PATCH", path, json=held(one, least))
    assert statuses(one) == [200, 403, 403] and other.call("GET", path).status_code == 403
    admin.ok("PATCH", path, json=held(one, "CAN_MANAGE"))
    one.ok("PATCH", path, json=held(other, least))
    assert other.call("GET", path).status_code == 200
    owner = [{"user_name": "admin@localhost", "permission_level": "IS_OWNER"}] if made in ("job", "warehouse_") else []
    one.ok("PUT", path, json={"access_control_list": owner})
    assert statuses(one) == [403, 403, 403] and other.call("GET", path).status_code == 403


SECURABLES = [("metastore", None), ("catalog", "catalog"), ("schema", "schema"), ("table", "table"), ("volume", "volume"), ("external_location", "location"),
              ("storage_credential", "credential")]


@pytest.mark.parametrize("kind, made", SECURABLES, ids=lambda value: value)
def test_grants_of_each_type_of_securable(kind, made, admin, objects, make_principal):
    """Nobody sees or changes them until he may MANAGE, and no longer once that is revoked."""
    thing = objects.get(made) if made else {"name": admin.ok("GET", "/api/2.1/unity-catalog/metastore_summary")["metastore_id"]}
    name = thing.get("full_name", thing["name"])
    path, effective = f"/api/2.1/unity-catalog/permissions/{kind}/{name}", f"/api/2.1/unity-catalog/effective-permissions/{kind}/{name}"
    one = make_principal()
    privilege = {"metastore": "CREATE_CATALOG", "catalog": "USE_CATALOG", "schema": "USE_SCHEMA", "table": "SELECT", "volume": "READ_VOLUME",
                 "external_location": "READ_FILES", "storage_credential": "CREATE_EXTERNAL_LOCATION"}[kind]

    def statuses():
        change = {"changes": [{"principal": one.name, "add": [privilege]}]}
        return [one.call("GET", path).status_code, one.call("GET", effective).status_code, one.call("PATCH", path, json=change).status_code]

    assert statuses() == [403, 403, 403]
    if kind == "metastore":
        return
    grant_one(admin, one, kind.upper(), "MANAGE", thing)
    assert statuses() == [200, 200, 200]
    admin.ok("PATCH", path, json={"changes": [{"principal": one.name, "remove": ["MANAGE"]}]})
    assert statuses()[2] == 403, "who only holds something may look, at most"
    admin.ok("PATCH", path, json={"changes": [{"principal": one.name, "remove": [privilege]}]})
    assert statuses() == [403, 403, 403]


def test_every_route_has_a_row_and_every_row_a_route():
    from ashlar_server import BUILD_DIR

    built = {(route["method"], route["path"]) for route in json.loads((BUILD_DIR / "gen/api/routes.json").read_text())} | EXTRA_ROUTES
    listed = [(row["method"], row["path"]) for row in rows()]
    assert len(listed) == len(set(listed)), "a route has two rows"
    assert sorted(built - set(listed)) == [] and sorted(set(listed) - built) == []


def test_a_disabled_holder_is_nobody(admin, make_principal, url):
    principal = make_principal()
    assert principal.call("GET", "/api/2.0/preview/scim/v2/Me").status_code == 200
    found = admin.ok("GET", "/api/2.0/preview/scim/v2/ServicePrincipals", params={"filter": f'applicationId eq "{principal.name}"'})["Resources"]
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "replace", "path": "active", "value": False}]}
    admin.ok("PATCH", f"/api/2.0/preview/scim/v2/ServicePrincipals/{found[0]['id']}", json=body)
    assert principal.call("GET", "/api/2.0/preview/scim/v2/Me").status_code in (401, 403)
