"""Arrow's values as JSON that compares: what two engines return for the same rows is the same text."""

import datetime
import decimal


def plain(value):
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat() + "Z"
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, tuple) for item in value):
        return sorted(([plain(key), plain(held)] for key, held in value), key=str)  # a map
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def rows_of(table):
    columns = [table.column(i).to_pylist() for i in range(table.num_columns)]
    return [[plain(column[i]) for column in columns] for i in range(table.num_rows)]


def in_order(rows):
    return sorted(rows, key=lambda row: repr(row))
