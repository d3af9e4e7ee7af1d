#!/usr/bin/env python3
"""Generates code and documents out of api/*.yaml.

  apigen.py --api api cpp OUT SERVICE       OUT/api/SERVICE.h and .cc
  apigen.py --api api all OUT               OUT/api/routes.json and OUT/ts/*.ts
  apigen.py --api api documents ROOT        ROOT/api/openapi.json and ROOT/docs/reference/api-coverage.md
  apigen.py --api api check ROOT            fails when those two are not what `documents` would write
"""

import argparse
import pathlib
import sys

import documents
from cpp import CppEmitter
from model import ApiError, Reader
from typescript import ENDPOINT, TypeScriptEmitter


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def generate_cpp(reader, out, name):
    emitter = CppEmitter(reader, reader.service(name))
    write(out / "api" / f"{name}.h", emitter.header())
    write(out / "api" / f"{name}.cc", emitter.source())


def generate_all(reader, out):
    services = [reader.service(name) for name in reader.names()]
    write(out / "api" / "routes.json", documents.routes(services))
    write(out / "ts" / "endpoint.ts", ENDPOINT)
    for service in services:
        write(out / "ts" / f"{service.name}.ts", TypeScriptEmitter(service).emit())


def committed(reader, root):
    services = [reader.service(name) for name in reader.names()]
    return {root / "api" / "openapi.json": documents.openapi(services),
            root / "docs" / "reference" / "api-coverage.md": documents.coverage(services)}


def check(reader, root):
    stale = [path for path, text in committed(reader, root).items()
             if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(root)} is stale: run tools/apigen/apigen.py --api api documents .", file=sys.stderr)
    return 1 if stale else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--api", required=True, help="the folder of the YAML files")
    parser.add_argument("what", choices=["cpp", "all", "documents", "check"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("service", nargs="?")
    arguments = parser.parse_args()
    reader = Reader(arguments.api)
    try:
        if arguments.what == "cpp":
            generate_cpp(reader, arguments.folder, arguments.service)
        elif arguments.what == "all":
            generate_all(reader, arguments.folder)
        elif arguments.what == "documents":
            for path, text in committed(reader, arguments.folder).items():
                write(path, text)
        else:
            return check(reader, arguments.folder)
    except ApiError as error:
        print(f"apigen: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
