"""The model of a REST service, read from an OpenAPI 3.1 document (api/<service>.yaml).

What the emitters see is this model only. Everything our dialect adds is checked here, with the place
named, so that a mistake in a YAML file fails the build and not a request:

  service   x-error-style: scim
  operation x-permission (needed), x-audit, x-aliases, x-pagination, x-deferred, x-body: stream, x-max-body
  schema    x-keep-unknown; parameter x-rest (a path parameter that swallows slashes)
"""

import pathlib
import re
from dataclasses import dataclass, field

import yaml

METHODS = ("get", "put", "post", "patch", "delete", "head")
OPERATION_KEYS = {"operationId", "summary", "description", "parameters", "requestBody", "responses", "x-permission",
                  "x-audit", "x-aliases", "x-pagination", "x-deferred", "x-body", "x-max-body"}
SCHEMA_KEYS = {"type", "format", "properties", "required", "items", "additionalProperties", "enum", "$ref", "allOf",
               "description", "x-keep-unknown"}
SIMPLE_PERMISSIONS = ("public", "user", "admin", "catalog")
CPP_KEYWORDS = set("""alignas alignof and asm auto bool break case catch char class concept const continue default
delete do double else enum explicit export extern false float for friend goto if inline int long mutable namespace new
not nullptr operator or private protected public register requires return short signed sizeof static struct switch
template this throw true try typedef typename union unsigned using virtual void volatile while xor""".split())


class ApiError(Exception):
    """A mistake in a YAML file; the text begins with the place."""


@dataclass(frozen=True)
class Type:
    kind: str  # string bytes int64 double bool json enum message array map nullable
    name: str = ""  # of an enum or message
    service: str = ""  # where that is defined
    item: "Type | None" = None  # of an array, map or nullable


@dataclass
class Field:
    wire: str
    type: Type
    required: bool = False

    @property
    def member(self):
        name = snake(self.wire)
        return name + "_" if name in CPP_KEYWORDS else name


@dataclass
class Message:
    name: str
    fields: list
    base: Type | None = None
    keep_unknown: bool = False  # declared here, not in the base
    also_required: tuple = ()  # fields of the base
    doc: str = ""


@dataclass
class Enum:
    name: str
    values: list


@dataclass
class Operation:
    name: str
    method: str
    paths: list  # templates of the router; the first is canonical
    permission: str
    request: Type
    response: Type | None
    status: int = 200
    audit: str = ""
    pagination: dict = field(default_factory=dict)
    deferred: bool = False
    stream: str = ""  # "up", "down" or nothing
    max_body: int = 0
    summary: str = ""
    parameters: dict = field(default_factory=dict)  # wire name → "path" | "query"


@dataclass
class Service:
    name: str
    title: str
    scim_errors: bool
    enums: dict
    messages: dict  # in an order in which each follows what it needs complete
    operations: list
    document: dict

    @property
    def interface(self):
        return camel(self.name) + "Service"


def snake(text):
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text.replace("$", ""))
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower()


def camel(text):
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])", text)
    return "".join(word[:1].upper() + word[1:].lower() for word in words)


class Reader:
    """Reads the documents of one folder; a $ref may lead into a sibling file."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.services = {}

    def names(self):
        return sorted(path.stem for path in self.folder.glob("*.yaml"))

    def service(self, name):
        if name not in self.services:
            path = self.folder / f"{name}.yaml"
            if not path.exists():
                raise ApiError(f"{path.name}: no such file")
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            self.services[name] = ServiceReader(self, name, yaml.load(path.read_text(encoding="utf-8"), loader)).read()
        return self.services[name]


class ServiceReader:
    def __init__(self, reader, name, document):
        self.reader, self.name, self.document = reader, name, document
        self.schemas = (document.get("components") or {}).get("schemas") or {}
        self.enums, self.messages, self.operations = {}, {}, []

    def fail(self, place, what):
        raise ApiError(f"{self.name}.yaml: {place}: {what}")

    def read(self):
        for name, schema in self.schemas.items():
            self.check_keys(name, schema, SCHEMA_KEYS)
            if "enum" in schema:
                self.enums[name] = Enum(name, list(schema["enum"]))
            else:
                self.messages[name] = self.message(name, schema)
        for path, item in self.document.get("paths", {}).items():
            for method, operation in item.items():
                if method not in METHODS:
                    self.fail(path, f"unknown method {method}")
                self.operations.append(self.operation(path, method, operation))
        names = [o.name for o in self.operations]
        for name in names:
            if names.count(name) > 1:
                self.fail(name, "two operations of that name")
        style = self.document.get("x-error-style", "databricks")
        if style not in ("databricks", "scim"):
            self.fail("x-error-style", f"unknown style {style}")
        return Service(self.name, self.document["info"]["title"], style == "scim", self.enums,
                       self.ordered(), self.operations, self.document)

    def check_keys(self, place, node, allowed):
        unknown = sorted(set(node) - allowed)
        if unknown:
            self.fail(place, f"unknown keys {', '.join(unknown)}")

    # Types

    def message(self, name, schema):
        base, doc = None, schema.get("description", "")
        keep = schema.get("x-keep-unknown", False)
        if "allOf" in schema:
            first, second = schema["allOf"]
            base, schema = self.type(f"{name}.allOf", first), second
        required = schema.get("required", [])
        properties = schema.get("properties") or {}
        also = tuple(wire for wire in required if wire not in properties)
        for wire in also:
            if not base or wire not in self.wires(base):
                self.fail(name, f"requires {wire}, which it does not have")
        fields = [Field(wire, self.type(f"{name}.{wire}", kind), wire in required) for wire, kind in properties.items()]
        return Message(name, fields, base, keep, also, doc)

    def type(self, place, schema):
        self.check_keys(place, schema, SCHEMA_KEYS)
        if "$ref" in schema:
            return self.reference(place, schema["$ref"])
        kind = schema.get("type")
        if isinstance(kind, list):
            if len(kind) != 2 or kind[1] != "null" or not place.endswith(("[]", "{}")):
                self.fail(place, "only elements may be null beside a type; a field can always be null")
            return Type("nullable", item=self.type(place, {**schema, "type": kind[0]}))
        if kind == "string":
            if "enum" in schema:
                self.fail(place, "an enum needs a name: put it under components")
            return Type("bytes" if schema.get("format") == "byte" else "string")
        if kind in ("integer", "number", "boolean"):
            return Type({"integer": "int64", "number": "double", "boolean": "bool"}[kind])
        if kind == "array":
            return Type("array", item=self.type(place + "[]", schema["items"]))
        if kind == "object" and "additionalProperties" in schema:
            return Type("map", item=self.type(place + "{}", schema["additionalProperties"]))
        if kind == "object" and "properties" in schema:
            self.fail(place, "a nested message needs a name: put it under components")
        if kind in (None, "object"):
            return Type("json")
        self.fail(place, f"unknown type {kind}")

    def reference(self, place, ref):
        match = re.fullmatch(r"(?:(\w+)\.yaml)?#/components/schemas/(\w+)", ref)
        if not match:
            self.fail(place, f"cannot follow {ref}")
        service, name = match.group(1) or self.name, match.group(2)
        schemas = self.schemas
        if service != self.name:
            schemas = self.reader.service(service).document["components"]["schemas"]
        if name not in schemas:
            self.fail(place, f"{ref} does not exist")
        return Type("enum" if "enum" in schemas[name] else "message", name, service)

    # Operations

    def operation(self, path, method, node):
        place = f"{method.upper()} {path}"
        self.check_keys(place, node, OPERATION_KEYS)
        if "operationId" not in node:
            self.fail(place, "no operationId")
        name = node["operationId"]
        parameters = [self.parameter(place, p) for p in node.get("parameters", [])]
        rest = {p["name"] for p in node.get("parameters", []) if p.get("x-rest")}
        paths = [self.template(place, p, parameters, rest) for p in [path, *node.get("x-aliases", [])]]
        stream = self.stream(place, node)
        status, response = self.response(name, node, stream)
        operation = Operation(
            name=name, method=method.upper(), paths=paths, permission=node.get("x-permission", ""),
            request=self.request(name, node, [f for f, _ in parameters], stream), response=response, status=status,
            audit=node.get("x-audit", ""), pagination=node.get("x-pagination", {}),
            deferred=node.get("x-deferred", False), stream=stream, max_body=node.get("x-max-body", 0),
            summary=node.get("summary", ""), parameters={f.wire: where for f, where in parameters})
        self.check_permission(place, operation)
        self.check_audit(place, operation)
        return operation

    def parameter(self, place, node):
        self.check_keys(place, node, {"name", "in", "required", "schema", "description", "x-rest"})
        if node["in"] not in ("path", "query"):
            self.fail(place, f"parameter {node['name']} is in {node['in']}")
        needed = node["in"] == "path" or node.get("required", False)
        return Field(node["name"], self.type(f"{place} {node['name']}", node["schema"]), needed), node["in"]

    def template(self, place, path, parameters, rest):
        declared = {f.wire for f, where in parameters if where == "path"}
        found = re.findall(r"{(\w+)}", path)
        if set(found) != declared:
            self.fail(place, f"{path} names {sorted(found)}, declared are {sorted(declared)}")
        return re.sub(r"{(\w+)}", lambda m: "{" + m.group(1) + ("...}" if m.group(1) in rest else "}"), path)

    def stream(self, place, node):
        if "x-body" not in node:
            return ""
        if node["x-body"] != "stream":
            self.fail(place, f"unknown x-body {node['x-body']}")
        return "up" if "requestBody" in node else "down"

    def request(self, name, node, parameters, stream):
        content = node.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {}) if not stream else {}
        if "$ref" in schema:
            body = self.type(name, schema)
            extra = [p for p in parameters if p.wire not in self.wires(body)]
            if not extra:
                return body
            message = Message(name + "Request", extra, body)
        else:
            message = self.message(name + "Request", schema)
            inherited = self.wires(message.base) if message.base else set()
            own = {f.wire: f for f in message.fields}
            own.update({p.wire: p for p in parameters if p.wire not in inherited})
            message.fields = list(own.values())
        if message.name in self.messages or message.name in self.enums:
            self.fail(name, f"{message.name} is made from the operation and must not be a schema too")
        self.messages[message.name] = message
        return Type("message", message.name, self.name)

    def wires(self, kind):
        if kind.service == self.name:
            message = self.messages.get(kind.name) or self.message(kind.name, self.schemas[kind.name])
        else:
            message = self.reader.service(kind.service).messages[kind.name]
        inherited = self.wires(message.base) if message.base else set()
        return inherited | {f.wire for f in message.fields}

    def response(self, name, node, stream):
        good = [int(code) for code in node.get("responses", {}) if str(code).startswith("2")]
        if len(good) != 1:
            self.fail(name, "needs exactly one 2xx response")
        answer = node["responses"].get(str(good[0]), node["responses"].get(good[0])) or {}
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if stream or not schema:
            return good[0], None
        if "$ref" in schema:
            return good[0], self.type(name, schema)
        self.messages[name + "Response"] = self.message(name + "Response", schema)
        return good[0], Type("message", name + "Response", self.name)

    def check_permission(self, place, operation):
        words = operation.permission.split(" ")
        if operation.permission in SIMPLE_PERMISSIONS or re.fullmatch(r"entitlement [a-z-]+", operation.permission):
            return
        if len(words) != 3 or not re.fullmatch(r"(CAN|IS)_[A-Z_]+", words[0]):
            self.fail(place, f"x-permission is one of {', '.join(SIMPLE_PERMISSIONS)}, 'entitlement name' or 'CAN_X type field', not "
                             f"'{operation.permission}'")
        if words[2] not in self.wires(operation.request):
            self.fail(place, f"x-permission names {words[2]}, which the request does not have")

    def check_audit(self, place, operation):
        if operation.audit and not re.fullmatch(r"\w+\.\w+", operation.audit):
            self.fail(place, f"x-audit is 'service.action', not '{operation.audit}'")

    def ordered(self):
        """Messages so that bases and elements of containers come first; recursion is left to BoxField."""
        done, out = set(), {}

        def visit(name):
            if name in done:
                return
            done.add(name)
            message = self.messages[name]
            kinds = ([message.base] if message.base else []) + [f.type for f in message.fields]
            for kind in kinds:
                while kind.item:
                    kind = kind.item
                if kind.kind == "message" and kind.service == self.name:
                    visit(kind.name)
            out[name] = message

        for name in self.messages:
            visit(name)
        return out
