"""Where dlt and tidegate differ on purpose, as rules for random_documents.py. A rule's name and docstring are printed;
the docstring ends with where it is said (design.md, section 6, or docs/coming-from-dlt.md)."""
import dataclasses
import decimal
import importlib.metadata
import math
import re

import documents

# Between 1.26 and 1.31 dlt has changed; what cases expect of the one and the other.
LATER = tuple(map(int, importlib.metadata.version("dlt").split(".")[:2])) >= (1, 29)
REPLACED_IN_THE_LONG_FORM = [] if LATER else [(2,)]  # with a cursor that all rows of the second load are below
CENT = [("1.01",)] if LATER else [("1.00",)]  # of 1.005

BLANK_KEY = re.compile(r'[{,]\s*"\s*"\s*:')
SEPARATORS = {"direct": documents.NAMINGS["direct"].PATH_SEPARATOR}
PLAIN = re.compile(r"-?(?:0|[1-9]\d*|(?=\.))(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII)
NUMBER_TYPES = ("bigint", "double", "decimal", "wei")
TEXT_TYPES = ("text", "text__v_text")  # the second where the first began with a timestamp
NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")


@dataclasses.dataclass
class Case:
    resource: object
    dlt: dict  # {table: Table}
    tidegate: dict
    known_doubles: set = None
    known_collisions: tuple = None

    def between(self):
        return SEPARATORS.get(self.resource.naming(), "__")

    def variant(self, column, data_type):
        return f"{column}{self.between()}v_{data_type}"

    def discards(self, *answers):
        """Whether rows or values were put aside by tidegate, by a contract that says so."""
        return bool(self.resource.contract) and bool(set(answers) & set(self.resource.contract.values()))

    def collisions(self):
        if self.known_collisions is None:
            self.known_collisions = collisions(self.resource)
        return self.known_collisions

    def doubles(self):
        """All numbers of the documents, texts with numbers included, as repr of a double."""
        if self.known_doubles is None:
            self.known_doubles = set()
            for text in {text for load in self.resource.loads for line in load for text in NUMBER.findall(line)}:
                self.known_doubles.add(repr(float(text)))
        return self.known_doubles


def for_dlt(lines):
    """The lines as they are given to dlt: a key that is empty is spelled as both call it where it holds a list; dlt
    would put the rows of that list into the table of its parent, or fail."""
    return [documents.dump(named(documents.parse(line))) if BLANK_KEY.search(line) else line for line in lines]


def named(tree):
    if isinstance(tree, documents.Object):
        return documents.Object([["_empty" if not key.strip() and isinstance(value, list) else key, named(value)]
                                 for key, value in tree])
    return [named(value) for value in tree] if isinstance(tree, list) else tree


def collisions(resource):
    """(names, twice): names of columns and tables, from the root on, that two different keys of one row come to, or
    that are spelled like the variant of another; and those of a key that is there twice in one object."""
    names, twice, spelled = set(), set(), set()
    naming = resource.naming()
    between = SEPARATORS.get(naming, "__")

    def row(tree, table):
        found = {}
        flatten(tree, table, (), found)
        for (name, _), keys in found.items():
            spelled.add(name)
            if len(keys) > 1:
                names.add(name)

    def flatten(tree, name, keys, found):
        for key in {key for key, _ in tree if sum(key == other for other, _ in tree) > 1}:
            twice.add(joined(name, key))
        for key, value in tree:
            below, nested = joined(name, key), isinstance(value, list) and not isinstance(value, documents.Object)
            if isinstance(value, documents.Object):
                flatten(value, below, keys + (key,), found)
            else:
                found.setdefault((below, nested), set()).add(keys + (key,))
            if nested:
                lists(value, below)

    def lists(values, table):
        for value in values:
            if isinstance(value, documents.Object):
                row(value, table)
            elif isinstance(value, list):
                lists(value, table + between + documents.normalised("list", naming))

    def joined(name, key):
        return (name + between if name else "") + documents.normalised(key, naming)

    for load in resource.loads:
        for line in load:
            row(documents.parse(line), "")
    return names | {name for name in spelled if between + "v_" in name
                    and name.split(between + "v_")[0] in spelled}, twice


def below(facts, case, names):
    """Whether the difference is at one of the names, its variants, what is nested in it, or what has its name with a
    tag."""
    between = case.between()
    name = facts["table"][len(case.resource.name) + len(between):]
    name += (between if name and facts.get("column") else "") + facts.get("column", "")
    return any(re.fullmatch(re.escape(one) + f"(_[a-z0-9]{{6}})?({re.escape(between)}.*|__.*)?", name, re.DOTALL)
               for one in names)


def plain_error(error):
    """An error without what differs from run to run, so that equal ones count as one."""
    error = error.split(" with message: ")[-1].split(" Pending packages")[0]
    error = re.sub(r"/[^ ]*/", "", error)
    error = re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"", "*", error)
    return re.sub(r"\d+", "0", error)[:160]


# -- before the comparison: what dlt has becomes what is wanted --


def doubled_backslashes(case):
    """dlt up to 1.28 doubles the backslashes of a name in the database, where the naming keeps them. (docs)"""
    sides = [case.dlt, case.tidegate] if case.resource.taken_over else [case.dlt]
    for name, table in [pair for side in sides for pair in side.items()]:
        for column in [column for column in table.columns if "\\\\" in column]:
            single = column.replace("\\\\", "\\")
            table.columns[single] = table.columns.pop(column)
            for row in table.rows:
                if column in row:
                    row[single] = row.pop(column)
            yield f"{name}.{single}"


def described_variants(case):
    """dlt 1.29 and later describe the variants that they make. (docs)"""
    for name, table in [pair for side in (case.dlt, case.tidegate) for pair in side.items()]:
        for column, stored in ((table.stored or {}).get("columns") or {}).items():
            if stored.get("description") == f"Variant of column {column} generated by dlt":
                del stored["description"]
                yield f"{name}.{column}"


def integers_widen(case):
    """A column of integers that meets a fraction becomes one of doubles; dlt leaves it and adds __v_double. (design.md
    6)"""
    for name, left, right in both(case):
        for column, (kind, _) in list(left.columns.items()):
            variant, text_variant = case.variant(column, "double"), case.variant(column, "text")
            to = right.columns.get(column, ("",))[0]
            if kind != "BIGINT" or variant not in left.columns or to not in ("DOUBLE", "DECIMAL(38,9)"):
                continue
            kept = variant in right.columns  # as dlt made it, before tidegate went on; else it is a difference
            if kept and not case.resource.taken_over:
                continue
            for path, row in left.paths.items():
                mine = right.paths.get(path, {})
                if column in row:
                    row[column] = number(row[column], to)
                if variant in row and variant not in mine:
                    row[column] = number(row.pop(variant), to)
                text = row.get(text_variant)
                if text is not None and column in mine and text_variant not in mine and number(text.strip(),
                                                                                               to) == mine[column]:
                    row[column] = mine[column]
                    del row[text_variant]
            left.columns[column] = right.columns[column]
            left.stored["columns"][column]["data_type"] = {"DOUBLE": "double"}.get(to, "decimal")
            if not kept:
                del left.columns[variant], left.stored["columns"][variant]
            if to != "DOUBLE":
                left.stored["columns"][column] |= {"precision": 38, "scale": 9}
            drop_empty_variant(left, right, text_variant)
            yield f"{name}.{column}"


def dates_widen(case):
    """A column of dates that meets a time of day becomes one of timestamps; dlt cuts the time off. (design.md 6)"""
    for name, left, right in both(case):
        for column, (kind, nullable) in list(left.columns.items()):
            wanted = right.columns.get(column, ("",))[0]
            if kind != "DATE" or not wanted.startswith("TIMESTAMP"):
                continue
            for path, row in left.paths.items():
                mine = right.paths.get(path, {}).get(column)
                if column in row and mine and mine.startswith(row[column] + " "):
                    row[column] = mine
            left.columns[column] = (wanted, nullable)
            left.stored["columns"][column]["data_type"] = "timestamp"
            yield f"{name}.{column}"


def integers_beyond_a_double(case):
    """An integer that a double cannot hold exactly goes from a column of doubles to a variant; dlt rounds it. (docs)"""
    for name, left, right in both(case):
        for column, (kind, _) in list(left.columns.items()):
            variant = case.variant(column, "bigint")
            if kind != "DOUBLE" or variant not in right.columns or variant in left.columns:
                continue
            for path, row in right.paths.items():
                theirs = left.paths.get(path, {})
                value = row.get(variant, "0")
                if int(value) != int(float(value)) and theirs.get(column) == repr(float(value)):
                    theirs[variant] = row[variant]
                    del theirs[column]
            if any(variant in row for row in left.rows):
                left.columns[variant] = right.columns[variant]
                left.stored["columns"][variant] = {"name": variant, "data_type": "bigint", "nullable": True,
                                                   "variant": True}
                yield f"{name}.{variant}"


def texts_as_written(case):
    """A text is a number only as numbers are written, and a number true or false only as 1 and 0; what is not goes to a
    variant. dlt reads them as Python does. (docs)"""
    numbers = ("BIGINT", "INTEGER", "DOUBLE", "DECIMAL", "TIMESTAMP", "DATE")
    for name, left, right in both(case):
        for column, (kind, _) in list(left.columns.items()):
            texts = kind.startswith(numbers)
            types = TEXT_TYPES if texts else NUMBER_TYPES if kind == "BOOLEAN" else []
            for variant in [case.variant(column, data_type) for data_type in types]:
                moved = False
                for path, row in right.paths.items():
                    theirs = left.paths.get(path, {})
                    if variant in row and variant not in theirs and column in theirs and column not in row and (
                            not texts or not as_written(row[variant], kind)):
                        theirs[variant] = row[variant]
                        del theirs[column]
                        moved = True
                if moved and variant not in left.columns:
                    left.columns[variant] = right.columns[variant]
                    left.stored["columns"][variant] = right.stored["columns"][variant]
                if moved:
                    yield f"{name}.{variant}"


def as_written(text, kind):
    """Whether a column of numbers takes the text in as it is."""
    if not PLAIN.fullmatch(text):
        return False
    if kind != "DOUBLE":
        return True
    value = float(text)
    return not math.isinf(value) and (not text.lstrip("-").isdigit() or int(text) == int(value))


def lists_under_an_empty_key(case):
    """A list under an empty key has a table of its own, .._empty; dlt puts its rows into the table of the parent, or
    fails. (docs)"""
    return [case.resource.name for load in case.resource.loads if for_dlt(load) != load][:1]


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
    """A double has the value that the document spells; dlt writes decimal digits, and DuckDB, which reads them as
    DECIMAL first, is off by one or two units in the last place. (docs)"""
    if not kind == "value (DOUBLE)":
        return False
    left, right = float(facts["dlt"]), float(facts["tidegate"])
    return 0 < abs(left - right) <= 2 * math.ulp(left) and repr(right) in case.doubles()


def digits_of_a_double(case, kind, facts):
    """A double becomes the decimal that it is written as; dlt up to 1.28 takes the binary digits, later ones those of the
    text, which DuckDB reads as a double again where it has an exponent. (docs)"""
    return kind.startswith("value (DECIMAL") and "NULL" not in kind and float(facts["dlt"]) == float(facts["tidegate"])


def sign_of_zero(case, kind, facts):
    """-0.0 stays what it is; dlt writes it as a number that has no sign. (docs)"""
    return facts.get("dlt") == "0.0" and facts.get("tidegate") == "-0.0"


def colliding_keys(case, kind, facts):
    """Two keys of a row that come to one name do not overwrite each other, the later one gets a tag. (design.md 6)"""
    return below(facts, case, case.collisions()[0])


def columns_of_discarded_rows(case, kind, facts):
    """A row that a contract discards leaves no columns or tables behind; dlt adds those that it would have brought.
    (docs)"""
    return case.discards("discard_row") and (kind.startswith("only dlt has the column") and not facts["values"] or
                                             kind == "only dlt has the table" and not case.dlt[facts["table"]].rows or
                                             kind == "schema: column missing" and facts["column"] not in facts["has"])


def replace_by_discarded_rows(case, kind, facts):
    """A replace whose rows were all discarded leaves an empty table, as any that brings nothing; dlt keeps the old
    rows. (design.md 6)"""
    if kind == "schema: table key x-normalizer":  # what dlt forgets by a load without rows
        return case.discards("discard_row", "discard_value") and facts["tidegate"] == {**(facts["dlt"] or {}),
                                                                                       "seen-data": True}
    right = case.tidegate.get(facts["table"])
    return case.resource.hints["write_disposition"] == "replace" and case.discards("discard_row", "discard_value") and \
        kind == "only dlt has the row" and not (right and right.rows)


def contract_before_widening(case, kind, facts):
    """A contract on types is asked about an integer that a column of doubles cannot hold, a time of day in a column of
    dates, a text that is no number as it is written, and a number among bools; dlt rounds, cuts and converts. (docs)"""
    answer = (case.resource.contract or {}).get("data_type")
    if answer == "discard_value":
        return kind.startswith("value (") and kind.endswith(", NULL by tidegate") and asked(
            case, kind[len("value ("):].split(")")[0], facts["dlt"])
    return answer == "discard_row" and kind == "only dlt has the row" and any(
        value is not None and asked(case, column_type(case, facts, column), value)
        for column, value in case.dlt[facts["table"]].paths[facts["path"]].items())


def asked(case, kind, value):
    """Whether a value that dlt put into a column of that kind may be one that tidegate asks the contract about."""
    lines = "".join(line for load in case.resource.loads for line in load)
    if kind == "BOOLEAN":
        return value == "true" and NUMBER.search(lines) is not None
    if kind == "DATE" or kind == "DOUBLE" and abs(float(value)) >= 2**53:
        return True
    texts = re.findall(r'"((?:[^"\\]|\\.)*)"', lines)
    return kind.startswith(("BIGINT", "INTEGER", "DOUBLE", "DECIMAL", "TIMESTAMP")) and any(
        re.search(r"\d|inf", text) and not as_written(text, kind) for text in texts)


def column_type(case, facts, column):
    return case.dlt[facts["table"]].columns.get(column, ("",))[0]


def first_load_of_a_nested_table(case, kind, facts):
    """The first load of a table may bring any column, a contract notwithstanding; in a nested table dlt means its first
    row. (docs)"""
    if facts["table"] == case.resource.name or (case.resource.contract or {}).get("columns", "evolve") == "evolve":
        return False
    if kind == "only dlt has the row":  # for a value in a column that dlt does not have
        return case.resource.contract.get("data_type") == "discard_row"
    return kind.startswith("only tidegate has") or kind.endswith("NULL by dlt") or (
        kind == "schema: column missing" and facts["column"] in facts["has"])


def null_for_a_new_column(case, kind, facts):
    """A null brings nothing new, so no contract discards it; dlt discards it after a row that did bring something under
    its key. (docs)"""
    if (case.resource.contract or {}).get("columns") != "discard_row" or not facts.get("path"):
        return False
    loads = [side[case.resource.name].paths.get(facts["path"][:1], {}).get("_dlt_load_id")
             for side in (case.dlt, case.tidegate)]
    if kind != "only tidegate has the row" and loads[0] == loads[1]:  # a merge puts the row in another one's place
        return False
    lines = [documents.parse(line) for load in case.resource.loads for line in load]
    return any(has_null(tree) for tree in lines if int(dict(tree)[documents.RID]) == facts["path"][0])


def has_null(tree):
    return tree is None or isinstance(tree, list) and any(
        has_null(value[1] if isinstance(tree, documents.Object) else value) for value in tree)


def digits_of_other_scripts(case, kind, facts):
    """A text of digits that are not ASCII is no time; dlt takes them for seconds. (docs)"""
    path = facts.get("path")
    row = path and case.tidegate[facts["table"]].paths.get(path, {})
    column = facts.get("column", "").removesuffix(f"{case.between()}v_text")
    text = (row or {}).get(case.variant(column, "text"), "")
    return text.strip().isdigit() and not text.isascii() and kind.startswith("value (")


def fraction_into_wei(case, kind, facts):
    """A fraction goes from a wei column to a variant; dlt rounds it. (docs)"""
    hinted = case.resource.hints.get("columns") or {}
    names = {documents.normalised(key, case.resource.naming())
             for key, hint in hinted.items() if hint.get("data_type") == "wei"}
    return below(facts, case, names)


def key_twice(case, kind, facts):
    """A key that is there twice in one object: both values are kept where there is a place for both; Python keeps the
    last. (docs)"""
    if kind == "value (JSON)":
        mine = documents.parse(facts["tidegate"])
        last = last_only(mine)
        return last != mine and documents.dump(last) == documents.dump(documents.parse(facts["dlt"]))
    return below(facts, case, case.collisions()[1])


def last_only(tree):
    if isinstance(tree, documents.Object):
        return documents.Object([[key, last_only(value)] for key, value in dict(tree).items()])
    return [last_only(value) for value in tree] if isinstance(tree, list) else tree


# -- of a run that failed: (case, errors) --


def only_dlt_fails(errors, text):
    """Once, or twice where dlt did the first load of both."""
    return all(error.startswith(who) for error, who in zip(errors, ("dlt", "tidegate"))) and all(re.search(text, error)
                                                                                                 for error in errors)


def variant_meets_another_text(case, errors):
    """dlt stops when a __v_text column that began with a timestamp meets a text that is none."""
    return only_dlt_fails(errors, r"Cannot coerce type `text` to `timestamp` .* column `\S*(__|▶)v_text`")


def infinity(case, errors):
    """Infinity and NaN are kept; dlt stops. (design.md 6)"""
    return only_dlt_fails(errors, r'Referenced column "(inf|nan|Infinity|NaN)" was not found')


def epoch_beyond_time(case, errors):
    """dlt stops at a number that is no time, in a column of timestamps; tidegate makes it a variant."""
    return only_dlt_fails(errors, "Errno 75|year -?[0-9]+ is out of range")


def number_beyond_its_column(case, errors):
    """dlt stops at a whole float beyond 64 bits in a column of integers, and at a number with more digits than a
    decimal has; tidegate widens, or makes it a variant."""
    return only_dlt_fails(errors, "can't be cast because the value is out of range|Could not cast value .* to DECIMAL")


def text_of_a_json_scalar(case, errors):
    """dlt stops at a text in a column of JSON that holds a JSON text, as it unwraps it twice."""
    return only_dlt_fails(errors, "Malformed JSON")


def both_refuse(case, errors):
    """A contract that freezes stops both; tidegate goes on with the next run, dlt is stuck. (docs)"""
    return bool(case.resource.contract) and "freeze" in case.resource.contract.values() and len(errors) == 2 and \
        "Contract on" in errors[0] and re.search("ended with 4|Contract on", errors[1]) is not None


def freezes_a_nested_table(case, errors):
    """The first load of a table may bring any column, even when it is frozen; in a nested table dlt means its first
    row. (docs)"""
    return (case.resource.contract or {}).get("columns") == "freeze" and only_dlt_fails(errors,
                                                                                        "Contract on `?columns`? with")


def table_no_file_is_called(case, errors):
    """dlt names files after tables, and stops at characters that no file name has, which the naming `direct` keeps."""
    return case.resource.naming() == "direct" and only_dlt_fails(errors, "invalid characters found")


BEFORE = [doubled_backslashes, described_variants, texts_as_written, integers_widen, dates_widen, integers_beyond_a_double,
          lists_under_an_empty_key]
AFTER = [last_digit, digits_of_a_double, sign_of_zero, columns_of_discarded_rows, contract_before_widening, replace_by_discarded_rows,
         first_load_of_a_nested_table, null_for_a_new_column, digits_of_other_scripts, fraction_into_wei,
         key_twice, colliding_keys]
FAILURES = [table_no_file_is_called, both_refuse, freezes_a_nested_table, variant_meets_another_text, infinity,
            epoch_beyond_time, number_beyond_its_column, text_of_a_json_scalar]
