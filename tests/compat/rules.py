"""Where dlt and tidegate differ on purpose, as rules for random_documents.py. A rule's name and docstring are printed; the docstring
ends with where it is said (design.md, section 6, or docs/coming-from-dlt.md)."""
import dataclasses
import decimal
import math
import re

import documents

BLANK_KEY = re.compile(r'[{,]\s*"\s*"\s*:')
NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")


@dataclasses.dataclass
class Case:
    resource: object
    dlt: dict  # {table: Table}
    tidegate: dict
    known_doubles: set = None
    known_collisions: set = None

    def doubles(self):
        """All numbers of the documents, texts with numbers included, as repr of a double."""
        if self.known_doubles is None:
            self.known_doubles = set()
            for text in {text for load in self.resource.loads for line in load for text in NUMBER.findall(line)}:
                self.known_doubles.add(repr(float(text)))
        return self.known_doubles


def for_dlt(lines):
    """The lines as they are given to dlt: a key that is empty is spelled as both call it where it holds a list; dlt would put the
    rows of that list into the table of its parent, or fail."""
    return [documents.dump(named(documents.parse(line))) if BLANK_KEY.search(line) else line for line in lines]


def named(tree):
    if isinstance(tree, documents.Object):
        return documents.Object([["_empty" if not key.strip() and isinstance(value, list) else key, named(value)] for key, value in tree])
    return [named(value) for value in tree] if isinstance(tree, list) else tree


def collisions(resource):
    """Names of columns and tables, from the root on, that two different keys come to, or that look like a variant's."""
    spelled = {}

    def walk(tree, path, keys):
        if isinstance(tree, documents.Object):
            for key, value in tree:
                name = path + (documents.normalised(key),)
                spelled.setdefault("__".join(name), set()).add(keys + (key,))
                walk(value, name, keys + (key,))
        elif isinstance(tree, list):
            for value in tree:
                walk(value, path + ("list",) if isinstance(value, list) and not isinstance(value, documents.Object) else path, keys)

    for load in resource.loads:
        for line in load:
            walk(documents.parse(line), (), ())
    return {name for name, keys in spelled.items() if len(keys) > 1 or "__v_" in name}


def plain_error(error):
    """An error without what differs from run to run, so that equal ones count as one."""
    error = error.split(" with message: ")[-1].split(" Pending packages")[0]
    error = re.sub(r"/[^ ]*/", "", error)
    error = re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"", "*", error)
    return re.sub(r"\d+", "0", error)[:160]


# -- before the comparison: what dlt has becomes what is wanted --


def integers_widen(case):
    """A column of integers that meets a fraction becomes one of doubles; dlt leaves it and adds __v_double. (design.md 6)"""
    for name, left, right in both(case):
        for column, (kind, _) in list(left.columns.items()):
            variant = column + "__v_double"
            if kind != "BIGINT" or variant not in left.columns or right.columns.get(column, ("",))[0] not in ("DOUBLE", "DECIMAL(38,9)"):
                continue
            kept = variant in right.columns  # as dlt made it, before tidegate went on; else it is a difference
            if kept and not case.resource.taken_over:
                continue
            to = right.columns[column][0]
            for path, row in left.paths.items():
                mine = right.paths.get(path, {})
                if column in row:
                    row[column] = number(row[column], to)
                if variant in row and variant not in mine:
                    row[column] = number(row.pop(variant), to)
                text = row.get(column + "__v_text")
                if text is not None and column in mine and column + "__v_text" not in mine and number(text.strip(), to) == mine[column]:
                    row[column] = mine[column]
                    del row[column + "__v_text"]
            left.columns[column] = right.columns[column]
            left.stored["columns"][column]["data_type"] = {"DOUBLE": "double"}.get(to, "decimal")
            if not kept:
                del left.columns[variant], left.stored["columns"][variant]
            if to != "DOUBLE":
                left.stored["columns"][column] |= {"precision": 38, "scale": 9}
            drop_empty_variant(left, right, column + "__v_text")
            yield f"{name}.{column}"


def drop_empty_variant(left, right, variant):
    """A text variant whose values all fitted the widened column is not there."""
    if variant in left.columns and variant not in right.columns and not any(variant in row for row in left.rows):
        del left.columns[variant], left.stored["columns"][variant]


def number(text, kind):
    """The text that DuckDB makes of a number of this kind."""
    try:
        value = int(text[2:], 16) if text.startswith("0x") else decimal.Decimal(text)
    except (ValueError, decimal.InvalidOperation):
        return None
    if kind == "DOUBLE":
        return repr(float(value))
    return f"{decimal.Decimal(value).quantize(decimal.Decimal('1e-9')):f}"


def both(case):
    return [(name, case.dlt[name], case.tidegate[name]) for name in sorted(set(case.dlt) & set(case.tidegate))]


# -- of a single difference: (case, kind, facts) --


def last_digit(case, kind, facts):
    """A double has the value that the document spells; dlt writes decimal digits, and DuckDB, which reads them as DECIMAL first,
    is off by one or two units in the last place. (docs)"""
    if not kind == "value (DOUBLE)":
        return False
    left, right = float(facts["dlt"]), float(facts["tidegate"])
    return 0 < abs(left - right) <= 2 * math.ulp(left) and repr(right) in case.doubles()


def sign_of_zero(case, kind, facts):
    """-0.0 stays what it is; dlt writes it as a number that has no sign. (docs)"""
    return facts.get("dlt") == "0.0" and facts.get("tidegate") == "-0.0"


def colliding_keys(case, kind, facts):
    """Two keys that come to one name do not overwrite each other, the later one gets a tag. (design.md 6)"""
    if case.known_collisions is None:
        case.known_collisions = collisions(case.resource)
    name = "__".join([facts["table"], facts.get("column", "")])[len(case.resource.name) + 2:]
    return any(name == one or name.startswith((one + "_", "__" + one + "_")) for one in case.known_collisions)


# -- of a run that failed: (case, errors) --


def only_dlt_fails(errors, text):
    """Once, or twice where dlt did the first load of both."""
    return all(error.startswith(who) for error, who in zip(errors, ("dlt", "tidegate"))) and all(re.search(text, error) for error in errors)


def variant_meets_another_text(case, errors):
    """dlt stops when a __v_text column that began with a timestamp meets a text that is none."""
    return only_dlt_fails(errors, r"Cannot coerce type `text` to `timestamp` .* column `\S*__v_text`")


def infinity(case, errors):
    """Infinity and NaN are kept; dlt stops. (design.md 6)"""
    return only_dlt_fails(errors, r'Referenced column "(inf|nan)" was not found')


def epoch_beyond_time(case, errors):
    """dlt stops at a number that is no time, in a column of timestamps; tidegate makes it a variant."""
    return only_dlt_fails(errors, "Errno 75|year -?[0-9]+ is out of range")


def number_beyond_its_column(case, errors):
    """dlt stops at a whole float beyond 64 bits in a column of integers, and at a number with more digits than a decimal has; tidegate
    widens, or makes it a variant."""
    return only_dlt_fails(errors, "can't be cast because the value is out of range|Could not cast value .* to DECIMAL")


def text_of_a_json_scalar(case, errors):
    """dlt stops at a text in a column of JSON that holds a JSON text, as it unwraps it twice."""
    return only_dlt_fails(errors, "Malformed JSON")


BEFORE = [integers_widen]
AFTER = [last_digit, sign_of_zero, colliding_keys]
FAILURES = [variant_meets_another_text, infinity, epoch_beyond_time, number_beyond_its_column, text_of_a_json_scalar]
