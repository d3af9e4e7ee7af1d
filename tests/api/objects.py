"""Things to call routes on, made over REST; each is a dictionary of the names its calls use."""

import base64
import time
import uuid


def unique(prefix):
    return f"{prefix}_{uuid.uuid4().hex}"


class Objects:
    def __init__(self, admin, info, folder):
        self.admin = admin
        self.warehouse = info["warehouse_id"]
        self.folder = folder
        self.shared = {}

    def get(self, kind, maker=None, fresh=True):
        """A new object of the kind, made by the maker (else the admin), or one that nobody changes."""
        if not fresh and maker is None:
            if kind not in self.shared:
                self.shared[kind] = getattr(self, kind)(self.admin)
            return self.shared[kind]
        return getattr(self, kind)(maker or self.admin)

    def nothing(self, maker):
        return {"name": unique("x")}

    def cluster(self, maker):
        body = {"cluster_name": unique("c"), "spark_version": "4.2.x-ashlar", "num_workers": 0}
        return {"id": maker.ok("POST", "/api/2.1/clusters/create", json=body)["cluster_id"]}

    def stopped_cluster(self, maker):
        cluster = self.cluster(maker)
        maker.ok("POST", "/api/2.1/clusters/delete", json={"cluster_id": cluster["id"]})
        return cluster

    def warehouse_(self, maker):
        return {"id": maker.ok("POST", "/api/2.0/sql/warehouses", json={"name": unique("w")})["id"]}

    def task(self):
        return {"task_key": "t", "notebook_task": {"notebook_path": self.get("notebook", fresh=False)["path"], "warehouse_id": self.warehouse}}

    def job(self, maker):
        name = unique("j")
        return {"id": maker.ok("POST", "/api/2.2/jobs/create", json={"name": name, "tasks": [self.task()]})["job_id"], "name": name}

    def run(self, maker):
        job = self.job(maker)["id"]
        run = maker.ok("POST", "/api/2.2/jobs/run-now", json={"job_id": job})["run_id"]
        deadline = time.monotonic() + 30
        while "result_state" not in maker.ok("GET", "/api/2.2/jobs/runs/get", params={"run_id": run})["state"]:
            assert time.monotonic() < deadline, f"run {run} does not end"
            time.sleep(0.02)
        return {"id": job, "run": run}

    def statement(self, maker):
        body = {"statement": "SELECT 1", "warehouse_id": self.warehouse, "wait_timeout": "30s"}
        return {"id": maker.ok("POST", "/api/2.0/sql/statements", json=body)["statement_id"]}

    def link(self, maker):
        body = {"statement": "SELECT 1", "warehouse_id": self.warehouse, "wait_timeout": "30s", "disposition": "EXTERNAL_LINKS", "format": "ARROW_STREAM"}
        answer = maker.ok("POST", "/api/2.0/sql/statements", json=body)
        token, index = answer["result"]["external_links"][0]["external_link"].split("/")[-2:]
        return {"token": token, "index": index}

    def token(self, maker):
        return {"id": maker.ok("POST", "/api/2.0/token/create", json={"comment": "made to be called"})["token_info"]["token_id"]}

    def user(self, maker):
        name = unique("u") + "@example.com"
        return {"id": maker.ok("POST", "/api/2.0/preview/scim/v2/Users", json={"userName": name})["id"], "name": name}

    def service_principal(self, maker):
        made = maker.ok("POST", "/api/2.0/preview/scim/v2/ServicePrincipals", json={"displayName": unique("s")})
        return {"id": made["id"], "name": made["applicationId"]}

    def group(self, maker):
        name = unique("g")
        return {"id": maker.ok("POST", "/api/2.0/preview/scim/v2/Groups", json={"displayName": name})["id"], "name": name}

    def catalog(self, maker):
        name = unique("c")
        maker.ok("POST", "/api/2.1/unity-catalog/catalogs", json={"name": name})
        return {"name": name}

    def schema(self, maker):
        name = unique("s")
        maker.ok("POST", "/api/2.1/unity-catalog/schemas", json={"catalog_name": "main", "name": name})
        return {"name": name, "full_name": f"main.{name}"}

    def table(self, maker, properties=""):
        schema = self.schema(maker)["name"]
        name = unique("t")
        body = {"statement": f"CREATE TABLE main.{schema}.{name} (a INT) {properties}", "warehouse_id": self.warehouse, "wait_timeout": "30s"}
        answer = maker.ok("POST", "/api/2.0/sql/statements", json=body)
        assert answer["status"]["state"] == "SUCCEEDED", answer
        return {"schema": schema, "name": name, "full_name": f"main.{schema}.{name}"}

    def managed_table(self, maker):
        """One that is catalog-managed."""
        made = self.table(maker, "TBLPROPERTIES ('delta.feature.catalogManaged' = 'supported')")
        info = maker.ok("GET", f"/api/2.1/unity-catalog/tables/{made['full_name']}")
        return {**made, "id": info["table_id"], "location": info["storage_location"]}

    def volume(self, maker):
        schema = self.schema(maker)["name"]
        name = unique("v")
        body = {"catalog_name": "main", "schema_name": schema, "name": name, "volume_type": "MANAGED"}
        maker.ok("POST", "/api/2.1/unity-catalog/volumes", json=body)
        path = f"Volumes/main/{schema}/{name}"
        maker.ok("PUT", f"/api/2.0/fs/files/{path}/a.txt", data=b"text")
        maker.ok("PUT", f"/api/2.0/fs/directories/{path}/d")
        return {"schema": schema, "name": name, "full_name": f"main.{schema}.{name}", "path": path}

    def upload(self, maker):
        """An upload in parts that was begun."""
        volume = self.volume(self.admin)
        if maker is not self.admin:
            for kind, of, privilege in (("catalog", "main", "USE_CATALOG"), ("schema", f"main.{volume['schema']}", "USE_SCHEMA"),
                                        ("volume", volume["full_name"], "WRITE_VOLUME")):
                change = {"changes": [{"principal": maker.name, "add": [privilege]}]}
                self.admin.ok("PATCH", f"/api/2.1/unity-catalog/permissions/{kind}/{of}", json=change)
        path = f"/{volume['path']}/parts.bin"
        begun = maker.ok("POST", f"/api/2.0/fs/files{path}", params={"action": "initiate-upload"})
        return {"path": path, "token": begun["multipart_upload"]["session_token"]}

    def location(self, maker):
        name = unique("l")
        folder = self.folder / name
        folder.mkdir()
        body = {"name": name, "url": f"file://{folder}", "credential_name": ""}
        maker.ok("POST", "/api/2.1/unity-catalog/external-locations", json=body)
        return {"name": name, "full_name": name}

    def credential(self, maker):
        name = unique("k")
        body = {"name": name, "azure_storage_key": {"account_key": "a2V5"}}
        maker.ok("POST", "/api/2.1/unity-catalog/storage-credentials", json=body)
        return {"name": name, "full_name": name}

    def place(self, maker):
        """A folder on disk that no location covers yet."""
        name = unique("l")
        (self.folder / name).mkdir()
        return {"name": name, "url": f"file://{self.folder / name}"}

    def notebook(self, maker):
        folder = "/Workspace/" + unique("d")
        maker.ok("POST", "/api/2.0/workspace/mkdirs", json={"path": folder})
        name = unique("n")
        body = {"path": f"{folder}/{name}", "content": base64.b64encode(b"SELECT 1").decode(), "format": "SOURCE", "language": "SQL"}
        maker.ok("POST", "/api/2.0/workspace/import", json=body)
        return {"id": self.id_of(maker, folder), "folder": folder, "path": f"{folder}/{name}", "name": name}

    def id_of(self, maker, path):
        return maker.ok("GET", "/api/2.0/workspace/get-status", params={"path": path})["object_id"]
