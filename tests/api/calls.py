"""How each route is called: on what kind of object, with which query and body. {names} come from the object."""

from dataclasses import dataclass, field


@dataclass
class Call:
    kind: str = "nothing"
    path: dict = field(default_factory=dict)
    query: dict = field(default_factory=dict)
    body: dict | None = None
    data: bytes | None = None
    changes: bool = False  # each caller that gets through needs an object of its own
    shows: str = "{id}"    # what a list names the object by


def on_clusters(**more):
    return Call("cluster", body={"cluster_id": "{id}", **more}, changes=True)


def scim(kind):
    by_id = {"path": {"id": "{id}"}}
    name = {"user": "userName", "service_principal": "displayName", "group": "displayName"}[kind]
    value = "{name}@example.com" if kind == "user" else "{name}"
    replaced = {"id": "{id}", "userName": "{name}"} if kind == "user" else {"id": "{id}", "displayName": "{name}"}
    if kind == "service_principal":
        replaced["applicationId"] = "{name}"
    operations = [{"op": "replace", "path": "displayName" if kind != "user" else "active", "value": "{name}" if kind != "user" else True}]
    folder = {"user": "Users", "service_principal": "ServicePrincipals", "group": "Groups"}[kind]
    path = "/api/2.0/preview/scim/v2/" + folder
    return {
        f"GET {path}": Call(),
        f"POST {path}": Call(body={name: value}, changes=True),
        f"GET {path}/{{id}}": Call(kind, **by_id),
        f"PUT {path}/{{id}}": Call(kind, **by_id, body=replaced, changes=True),
        f"PATCH {path}/{{id}}": Call(kind, **by_id, body={"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}, changes=True),
        f"DELETE {path}/{{id}}": Call(kind, **by_id, changes=True),
    }


JOB = {"job_id": "{id}"}
RUN = {"run_id": "{run}"}
FILE = {"file_path": "{path}/a.txt"}
FOLDER = {"directory_path": "{path}/d"}
ON_JOB = {"request_object_type": "jobs", "request_object_id": "{id}"}
ON_WAREHOUSE = {"request_object_type": "warehouses", "request_object_id": "{id}"}
ON_TABLE = {"securable_type": "table", "full_name": "{full_name}"}
ID = {"id": "{id}"}
NAME = {"name": "{name}"}
FULL_NAME = {"full_name": "{full_name}"}
MANAGED = {"table_id": "{id}", "table_uri": "{location}"}
STATEMENT = {"statement_id": "{id}"}
CHUNK = {**STATEMENT, "chunk_index": "0"}
SCHEMA = {"catalog_name": "main", "schema_name": "{schema}"}
# Kept in every replacement of an ACL: who owns it.
OWNED = {"access_control_list": [{"user_name": "admin@localhost", "permission_level": "IS_OWNER"}]}
MORE = {"access_control_list": [{"group_name": "users", "permission_level": "CAN_VIEW"}]}
SETTINGS = {"name": "renamed", "tasks": "{task}"}

CALLS = {
    "POST /api/2.1/clusters/create": Call(body={"cluster_name": "{name}", "spark_version": "4.2.x-ashlar", "num_workers": 0}, changes=True),
    "GET /api/2.1/clusters/get": Call("cluster", query={"cluster_id": "{id}"}),
    "GET /api/2.1/clusters/list": Call("cluster"),
    "POST /api/2.1/clusters/edit": on_clusters(spark_version="4.2.x-ashlar", num_workers=0),
    "POST /api/2.1/clusters/start": Call("stopped_cluster", body={"cluster_id": "{id}"}, changes=True),
    "POST /api/2.1/clusters/restart": on_clusters(),
    "POST /api/2.1/clusters/delete": on_clusters(),
    "POST /api/2.1/clusters/permanent-delete": on_clusters(),
    "GET /api/2.1/clusters/spark-versions": Call(),
    "GET /api/2.1/clusters/list-node-types": Call(),
    "POST /api/2.1/clusters/events": Call("cluster", body={"cluster_id": "{id}"}),
    "GET /api/2.0/fs/files/{file_path...}": Call("volume", FILE),
    "PUT /api/2.0/fs/files/{file_path...}": Call("volume", {"file_path": "{path}/new.txt"}, data=b"x", changes=True),
    "POST /api/2.0/fs/files/{file_path...}": Call("volume", {"file_path": "{path}/new.txt"}, query={"action": "initiate-upload"}),
    "POST /api/2.0/fs/create-upload-part-urls": Call("upload", body={"path": "{path}", "session_token": "{token}", "start_part_number": 1}),
    "POST /api/2.0/fs/create-abort-upload-url": Call("upload", body={"path": "{path}", "session_token": "{token}"}),
    "PUT /api/2.0/fs/upload-parts/{session_token}/{part_number}": Call("upload", {"session_token": "{token}", "part_number": "1"}, data=b"x"),
    "DELETE /api/2.0/fs/upload-parts/{session_token}": Call("upload", {"session_token": "{token}"}, changes=True),
    "HEAD /api/2.0/fs/files/{file_path...}": Call("volume", FILE),
    "DELETE /api/2.0/fs/files/{file_path...}": Call("volume", FILE, changes=True),
    "GET /api/2.0/fs/directories/{directory_path...}": Call("volume", {"directory_path": "{path}"}, shows="{path}/a.txt"),
    "PUT /api/2.0/fs/directories/{directory_path...}": Call("volume", {"directory_path": "{path}/e"}, changes=True),
    "HEAD /api/2.0/fs/directories/{directory_path...}": Call("volume", FOLDER),
    "DELETE /api/2.0/fs/directories/{directory_path...}": Call("volume", FOLDER, changes=True),
    "POST /api/2.2/jobs/create": Call(body=SETTINGS),
    "GET /api/2.2/jobs/get": Call("job", query=JOB),
    "GET /api/2.2/jobs/list": Call("job", query={"name": "{name}"}),
    "POST /api/2.2/jobs/update": Call("job", body={**JOB, "new_settings": {"name": "renamed"}}, changes=True),
    "POST /api/2.2/jobs/reset": Call("job", body={**JOB, "new_settings": SETTINGS}, changes=True),
    "POST /api/2.2/jobs/delete": Call("job", body=JOB, changes=True),
    "POST /api/2.2/jobs/run-now": Call("job", body=JOB, changes=True),
    "POST /api/2.2/jobs/runs/submit": Call(body={"run_name": "{name}", "tasks": "{task}"}, changes=True),
    "GET /api/2.2/jobs/runs/get": Call("run", query=RUN),
    "GET /api/2.2/jobs/runs/get-output": Call("run", query=RUN),
    "GET /api/2.2/jobs/runs/list": Call("run", query=JOB, shows="{run}"),
    "POST /api/2.2/jobs/runs/cancel": Call("run", body=RUN),
    "POST /api/2.2/jobs/runs/cancel-all": Call("run", body=JOB),
    "POST /api/2.2/jobs/runs/delete": Call("run", body=RUN, changes=True),
    "GET /api/2.0/permissions/{request_object_type}/{request_object_id}": Call("job", ON_JOB),
    "PUT /api/2.0/permissions/{request_object_type}/{request_object_id}": Call("job", ON_JOB, body=OWNED, changes=True),
    "PATCH /api/2.0/permissions/{request_object_type}/{request_object_id}": Call("job", ON_JOB, body=MORE, changes=True),
    "GET /api/2.0/permissions/{request_object_type}/{request_object_id}/permissionLevels": Call("job", ON_JOB),
    "GET /api/2.0/permissions/sql/{request_object_type}/{request_object_id}": Call("warehouse_", ON_WAREHOUSE),
    "PUT /api/2.0/permissions/sql/{request_object_type}/{request_object_id}": Call("warehouse_", ON_WAREHOUSE, body=OWNED, changes=True),
    "PATCH /api/2.0/permissions/sql/{request_object_type}/{request_object_id}": Call("warehouse_", ON_WAREHOUSE, body=MORE, changes=True),
    "GET /api/2.0/permissions/sql/{request_object_type}/{request_object_id}/permissionLevels": Call("warehouse_", ON_WAREHOUSE),
    "GET /api/2.0/preview/scim/v2/Me": Call(),
    **scim("user"),
    **scim("service_principal"),
    **scim("group"),
    "POST /api/2.0/sql/statements": Call("warehouse_", body={"statement": "SELECT 1", "warehouse_id": "{id}", "wait_timeout": "30s"}),
    "GET /api/2.0/sql/statements/{statement_id}": Call("statement", STATEMENT),
    "GET /api/2.0/sql/statements/{statement_id}/result/chunks/{chunk_index}": Call("statement", CHUNK),
    "POST /api/2.0/sql/statements/{statement_id}/cancel": Call("statement", STATEMENT),
    "GET /api/2.0/sql/results/{token}/{chunk_index}": Call("link", {"token": "{token}", "chunk_index": "{index}"}),
    "POST /api/2.0/token/create": Call(body={"comment": "made by a call"}, changes=True),
    "GET /api/2.0/token/list": Call("token"),
    "POST /api/2.0/token/delete": Call("token", body={"token_id": "{id}"}, changes=True),
    "GET /api/2.0/token-management/tokens": Call("token"),
    "GET /api/2.0/token-management/tokens/{token_id}": Call("token", {"token_id": "{id}"}),
    "DELETE /api/2.0/token-management/tokens/{token_id}": Call("token", {"token_id": "{id}"}, changes=True),
    "POST /api/2.0/token-management/on-behalf-of/tokens": Call("service_principal", body={"application_id": "{name}"}),
    "POST /api/2.1/unity-catalog/catalogs": Call(body=NAME, changes=True),
    "GET /api/2.1/unity-catalog/catalogs": Call("catalog", shows="{name}"),
    "GET /api/2.1/unity-catalog/catalogs/{name}": Call("catalog", NAME),
    "PATCH /api/2.1/unity-catalog/catalogs/{name}": Call("catalog", NAME, body={"comment": "x"}, changes=True),
    "DELETE /api/2.1/unity-catalog/catalogs/{name}": Call("catalog", NAME, query={"force": "true"}, changes=True),
    "POST /api/2.1/unity-catalog/schemas": Call("catalog", body={"catalog_name": "{name}", "name": "made"}, changes=True),
    "GET /api/2.1/unity-catalog/schemas": Call("schema", query={"catalog_name": "main"}, shows="{name}"),
    "GET /api/2.1/unity-catalog/schemas/{full_name}": Call("schema", FULL_NAME),
    "PATCH /api/2.1/unity-catalog/schemas/{full_name}": Call("schema", FULL_NAME, body={"comment": "x"}, changes=True),
    "DELETE /api/2.1/unity-catalog/schemas/{full_name}": Call("schema", FULL_NAME, changes=True),
    "POST /api/2.1/unity-catalog/external-locations": Call("place", body={"name": "{name}", "url": "{url}", "credential_name": ""}, changes=True),
    "GET /api/2.1/unity-catalog/external-locations": Call("location", shows="{name}"),
    "GET /api/2.1/unity-catalog/external-locations/{name}": Call("location", NAME),
    "PATCH /api/2.1/unity-catalog/external-locations/{name}": Call("location", NAME, body={"comment": "x"}, changes=True),
    "DELETE /api/2.1/unity-catalog/external-locations/{name}": Call("location", NAME, changes=True),
    "POST /api/2.1/unity-catalog/storage-credentials": Call(body={"name": "{name}", "aws_access_key": {"access_key_id": "a", "secret_access_key": "b"}}, changes=True),
    "GET /api/2.1/unity-catalog/storage-credentials": Call("credential", shows="{name}"),
    "GET /api/2.1/unity-catalog/storage-credentials/{name}": Call("credential", NAME),
    "PATCH /api/2.1/unity-catalog/storage-credentials/{name}": Call("credential", NAME, body={"azure_storage_key": {"account_key": "a2V5"}}, changes=True),
    "DELETE /api/2.1/unity-catalog/storage-credentials/{name}": Call("credential", NAME, changes=True),
    "GET /api/2.1/unity-catalog/delta/preview/commits": Call("managed_table", query={**MANAGED, "start_version": "0"}),
    "POST /api/2.1/unity-catalog/delta/preview/commits": Call("managed_table", body={**MANAGED, "latest_backfilled_version": 0}),
    "GET /api/2.1/unity-catalog/tables": Call("table", query=SCHEMA, shows="{name}"),
    "GET /api/2.1/unity-catalog/tables/{full_name}": Call("table", FULL_NAME),
    "DELETE /api/2.1/unity-catalog/tables/{full_name}": Call("table", FULL_NAME, changes=True),
    "GET /api/2.1/unity-catalog/tables/{full_name}/exists": Call("table", FULL_NAME),
    "POST /api/2.1/unity-catalog/volumes": Call("schema", body={"catalog_name": "main", "schema_name": "{name}", "name": "v", "volume_type": "MANAGED"}, changes=True),
    "GET /api/2.1/unity-catalog/volumes": Call("volume", query=SCHEMA, shows="{name}"),
    "GET /api/2.1/unity-catalog/volumes/{name}": Call("volume", {"name": "{full_name}"}),
    "PATCH /api/2.1/unity-catalog/volumes/{name}": Call("volume", {"name": "{full_name}"}, body={"comment": "x"}, changes=True),
    "DELETE /api/2.1/unity-catalog/volumes/{name}": Call("volume", {"name": "{full_name}"}, changes=True),
    "GET /api/2.1/unity-catalog/permissions/{securable_type}/{full_name}": Call("table", ON_TABLE),
    "PATCH /api/2.1/unity-catalog/permissions/{securable_type}/{full_name}":
        Call("table", ON_TABLE, body={"changes": [{"principal": "users", "add": ["SELECT"]}]}, changes=True),
    "GET /api/2.1/unity-catalog/effective-permissions/{securable_type}/{full_name}": Call("table", ON_TABLE),
    "GET /api/2.1/unity-catalog/current-metastore-assignment": Call(),
    "GET /api/2.1/unity-catalog/metastore_summary": Call(),
    "POST /api/2.0/sql/warehouses": Call(body={"name": "{name}"}, changes=True),
    "GET /api/2.0/sql/warehouses": Call("warehouse_"),
    "GET /api/2.0/sql/warehouses/{id}": Call("warehouse_", ID),
    "DELETE /api/2.0/sql/warehouses/{id}": Call("warehouse_", ID, changes=True),
    "POST /api/2.0/sql/warehouses/{id}/edit": Call("warehouse_", ID, body={"name": "edited"}, changes=True),
    "POST /api/2.0/sql/warehouses/{id}/start": Call("warehouse_", ID, changes=True),
    "POST /api/2.0/sql/warehouses/{id}/stop": Call("warehouse_", ID, changes=True),
    "GET /.well-known/databricks-config": Call(),
    "GET /api/2.0/workspace/list": Call("notebook", query={"path": "{folder}"}, shows="{name}"),
    "GET /api/2.0/workspace/get-status": Call("notebook", query={"path": "{path}"}),
    "POST /api/2.0/workspace/import":
        Call("notebook", body={"path": "{path}", "content": "U0VMRUNUIDI=", "format": "SOURCE", "language": "SQL", "overwrite": True}, changes=True),
    "GET /api/2.0/workspace/export": Call("notebook", query={"path": "{path}", "format": "SOURCE"}),
    "POST /api/2.0/workspace/mkdirs": Call("notebook", body={"path": "{folder}/sub"}, changes=True),
    "POST /api/2.0/workspace/delete": Call("notebook", body={"path": "{path}"}, changes=True),
    "GET /metrics": Call(),
}
