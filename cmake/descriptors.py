"""Writes a FileDescriptorSet out of the generated *_pb2.py files of a Python package.

usage: descriptors.py FOLDER OUTPUT

protoc embeds each file's serialized descriptor in the module it generates, as the argument of
AddSerializedFile(b'...'). The literals are read, the package is not imported. A FileDescriptorSet is
the concatenation of its files as field 1; google/protobuf/*.proto, which protoc wants in the set too,
come from the protoc installed here.
"""

import ast
import pathlib
import subprocess
import sys
import tempfile

WELL_KNOWN = [f"google/protobuf/{name}.proto" for name in ("any", "descriptor", "duration", "timestamp")]


def embedded_descriptor(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "AddSerializedFile":
            return ast.literal_eval(node.args[0])
    raise SystemExit(f"{path}: no embedded descriptor")


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def well_known_set():
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", f"--descriptor_set_out={out.name}", *WELL_KNOWN,
                        "--proto_path=/usr/include"], check=True)
        return out.read()


def main(folder, output):
    data = well_known_set()
    for path in sorted(pathlib.Path(folder).glob("*_pb2.py")):
        descriptor = embedded_descriptor(path)
        data += b"\x0a" + varint(len(descriptor)) + descriptor
    pathlib.Path(output).write_bytes(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
