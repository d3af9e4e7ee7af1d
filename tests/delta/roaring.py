"""Deletion vectors as bytes: Z85 and 64-bit Roaring bitmaps in their portable form."""

import struct

MAGIC = 1681511377
NO_RUNS = 12346
WITH_RUNS = 12347
Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def z85_decode(text):
    out = b""
    for i in range(0, len(text), 5):
        number = 0
        for c in text[i:i + 5]:
            number = number * 85 + Z85.index(c)
        out += struct.pack(">I", number)
    return out


def bits(data, at, count):
    for word in range(count // 64):
        (value,) = struct.unpack_from("<Q", data, at + word * 8)
        for bit in range(64):
            if value >> bit & 1:
                yield word * 64 + bit


def parse_32(data, at):
    """One 32-bit bitmap: (its values, where it ends)."""
    (cookie,) = struct.unpack_from("<I", data, at)
    at += 4
    if cookie & 0xFFFF == WITH_RUNS:
        count = (cookie >> 16) + 1
        flags = data[at:at + (count + 7) // 8]
        at += len(flags)
    else:
        assert cookie == NO_RUNS, f"cookie {cookie} of a bitmap"
        (count,) = struct.unpack_from("<I", data, at)
        at += 4
        flags = bytes((count + 7) // 8)
    headers = [struct.unpack_from("<HH", data, at + 4 * i) for i in range(count)]
    at += 4 * count
    if cookie == NO_RUNS or count >= 4:
        at += 4 * count  # offsets: what they say follows from the rest
    values = []
    for i, (key, cardinality) in enumerate(headers):
        if flags[i // 8] >> (i % 8) & 1:
            (runs,) = struct.unpack_from("<H", data, at)
            at += 2
            for _ in range(runs):
                start, length = struct.unpack_from("<HH", data, at)
                values += [(key << 16) + v for v in range(start, start + length + 1)]
                at += 4
        elif cardinality + 1 <= 4096:
            values += [(key << 16) + v for v in struct.unpack_from(f"<{cardinality + 1}H", data, at)]
            at += 2 * (cardinality + 1)
        else:
            found = [(key << 16) + v for v in bits(data, at, 65536)]
            assert len(found) == cardinality + 1, "cardinality of a container"
            values += found
            at += 8192
    return values, at


def parse(data):
    """The rows of a serialised vector, ascending; every byte is accounted for."""
    magic, buckets = struct.unpack_from("<iQ", data)
    assert magic == MAGIC, f"magic number {magic} of a deletion vector"
    at, rows = 12, []
    for _ in range(buckets):
        (high,) = struct.unpack_from("<I", data, at)
        values, at = parse_32(data, at + 4)
        rows += [(high << 32) + value for value in values]
    assert at == len(data), f"{len(data) - at} bytes after a deletion vector"
    assert rows == sorted(set(rows)), "rows of a deletion vector out of order"
    return rows
