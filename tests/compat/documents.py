"""Random documents, by seed: what a resource of a user may send, and then some. `world(seed)` makes a few resources,
each with its hints and the lines of one to four loads; the same seed makes the same world. `parse` and `dump` keep what
json.loads loses (keys that are there twice, the spelling of a number), so that a line can be taken apart and put
together (random_documents.py)."""
import dataclasses
import json
import random
import string

from dlt.common.normalizers.naming import direct, duck_case, snake_case, sql_ci_v1, sql_cs_v1

RID = "rid"  # every root document has one; it tells the rows of a table apart

# -- trees: None, bool, int, Literal, str, list, Object --


class Object(list):
    """Pairs of a key and a value, in order; a key may be there twice."""


class Literal(str):
    """A number as it is spelled."""


def parse(line):
    return json.loads(line, object_pairs_hook=lambda pairs: Object([list(pair) for pair in pairs]), parse_float=Literal,
                      parse_int=lambda text: Literal(text) if text == "-0" else int(text))


def dump(tree, escape=False, between=(",", ":")):
    if isinstance(tree, Literal):
        return str(tree)
    if isinstance(tree, Object):
        return "{" + between[0].join(
            json.dumps(key, ensure_ascii=escape) + between[1] + dump(value, escape, between) for key,
            value in tree) + "}"
    if isinstance(tree, list):
        return "[" + between[0].join(dump(value, escape, between) for value in tree) + "]"
    return json.dumps(tree, ensure_ascii=escape)


# -- scalars: {kind: function of a random.Random} --

LETTERS = string.ascii_letters
WORDS = ["", "x", "abc", "null", "None", "hello world", " padded ", "O'Brien", 'say "hi"', "back\\slash",
         "semi;colon -- x", "%s {} $1",
         "line\nbreak", "tab\tbed", "cr\rlf\n", "a" * 300, "\u00a0", "E'x'", "\\x41", "\\u0041", "'; DROP TABLE t; --",
         "_", "ÿ"]
UNICODE = ["æøå", "日本語", "🚀 up", "e\u0301", "é", "\u2028\u2029", "\ufeffbom", "ZŁ", "\U0010ffff", "\u200b", "ﬁ", "İ",
           "\ue000", "ß", "\uf026"]
CONTROL = ["\u0001", "a\u0007b", "\u001b[0m", "\u007f", "\b\f", "\u001f\u001e"]
NUMERALS = ["0", "1", "2", "-7", "+4", " 3 ", "007", "1_000", "1.0", "1.5", "-0.25", ".5", "5.", "1e3", "1E-2", "0x1F",
            "0x", "0xzz", "0X10",
            "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e400", "nan", "inf", "-Infinity",
            "NaN", "12,5", "١٢",
            "1__0", "_1", "1e", "--1", "0b1", "1 2", "18446744073709551616", "3.14159265358979323846",
            "1.7976931348623157e308", "\n5\n"]
TRUTHS = ["true", "false", "True", "FALSE", "yes", "no", "Y", "n", "t", "F", "1", "0", "on", "off", "maybe", " true",
          "YES", "tRuE"]
STAMPS = ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05", "2024-01-02 03:04:05", "2024-01-02T03:04:05.5Z",
          "2024-01-02T03:04:05.123456Z",
          "2024-01-02T03:04:05+02:00", "2024-01-02T03:04:05.25-0530", "2024-01-02T03:04", "20240102T030405Z",
          "1969-12-31T23:59:59.999999Z",
          "2024-02-29T23:59:59+14:00", "1900-03-01T00:00:00Z", "2024-01-02T24:00:00Z", "2024-01-02T03:04:05.1234567Z",
          "2024-01-02T03:04:05.123456789Z", "2024-01-02T03:04:05+0200", "2024-01-02T03:04:05+02",
          "2024-01-02t03:04:05z",
          "2024-06-30T12:00:00-12:00", "2024-01-02T03Z", "2024-W01-2T03:04:05", "2024-002T03:04:05Z",
          "2024-01-02T03:04:05,5Z",
          "2024/01/02 03:04:05", "2024-1-2 3:04:05", "2024-01-02 03:04:05.000001+00", "1970-01-01T00:00:00Z",
          "2262-04-12T00:00:00Z"]
NEARLY_STAMPS = ["2024-01-02", "20240102", "2024", "2024-W01", "2024-01", "03:04:05", "P1D",
                 "Tue, 02 Jan 2024 03:04:05 GMT",
                 " 2024-01-02T03:04:05Z", "2024-01-02T03:04:05 UTC", "2024-01-02T25:00:00Z", "2023-02-29T00:00:00Z",
                 "12345", "1700000000",
                 "2024-13-01T00:00:00Z", "2024-01-02T03:04:60Z", "2024-01-02T03:04:05Z/2024-01-03T00:00:00Z",
                 "T03:04:05", "030405",
                 "2024-01-02T", "2024/01/02", "2024-366", "2024-01-32", "03:04", "24:00:00", "03:04:05.123456",
                 "03:04:05+02:00", "1.5", "P1Y2M"]
JSONS = ["{}", "[]", '{"a": 1}', "[1, 2.50, null]", "null", "true", '"text"', '{"a": ', "{'a': 1}",
         '{"b":{"c":[1e2,0.10]},"a":"é"}']
HEXES = ["0x00ff", "deadbeef", "0xABCDEF0123", "aGVsbG8=", "aGVsbG8", "====", "00", "0x0", "AAEC"]
FLOATS = ["0.5", "1.5", "-2.25", "0.1", "1e300", "1e-7", "1E5", "1.5e+10", "5e-324", "1e16", "1e21",
          "123456789.123456789", "-0.0", "1.0", "100.0",
          "-7.0", "2.50", "0.30000000000000004", "1.7976931348623157e308", "3.141592653589793", "1e22", "1e23",
          "9007199254740993.0",
          "0.000001", "0.00001", "1e-5", "12345678901234567.0", "0e0", "1e2", "2.2250738585072014e-308", "1e15", "4.35",
          "1e18", "1e19"]


def small(rng):
    return rng.choice([0, 1, 2, -1, 7, 42, rng.randint(-1000, 1000)])


def large(rng):
    return rng.choice([2**31, -2**31 - 1, 2**53, 2**53 + 1, -2**53 - 1, 2**63 - 1, -2**63, 10**18,
                       rng.randint(-2**63, 2**63 - 1),
                       rng.randint(0, 2**31), 1700000000, 1700000000000])


def fraction(rng):
    return Literal(rng.choice([repr(rng.uniform(-1000, 1000)), repr(round(rng.uniform(0, 100), 2)), rng.choice(FLOATS),
                               repr(rng.random() * 10.0**rng.randint(-20, 20))]))


def whole_float(rng):
    return Literal(rng.choice(["1.0", "2.0", "-3.0", "0.0", "1e3", "100.00", "1e10", "42.0"]))


def stamp(rng):
    if rng.random() < 0.5:
        return rng.choice(STAMPS)
    text = f"{rng.choice([1970, 1999, 2024, 2024, 2038])}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    text += rng.choice("TT ") + f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
    text += rng.choice(["", "", f".{rng.randint(0, 999999):06}", f".{rng.randint(0, 999):03}", f".{rng.randint(0, 9)}"])
    return text + rng.choice(["Z", "Z", "", "+00:00", "+01:00", "-08:00", "+0530", "-03:30"])


def clean_stamp(rng):
    return f"2024-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:00:00Z"


def word(rng):
    return rng.choice([rng.choice(WORDS), "".join(rng.choice(LETTERS) for _ in range(rng.randint(1, 12)))])


SCALARS = {
    "small": small, "large": large, "fraction": fraction, "whole float": whole_float,
    "number": lambda rng: rng.choice([small, small, fraction, whole_float])(rng),
    "bool": lambda rng: rng.random() < 0.5,
    "word": word, "unicode": lambda rng: rng.choice(UNICODE), "control": lambda rng: rng.choice(CONTROL),
    "long text": lambda rng: rng.choice(["x", "é", "ab "]) * rng.choice([99] * 9 + [999] * 3 + [4096, 70000]),
    "numeral": lambda rng: rng.choice(NUMERALS),
    "truth": lambda rng: rng.choice(TRUTHS), "stamp": stamp, "clean stamp": clean_stamp,
    "nearly stamp": lambda rng: rng.choice(NEARLY_STAMPS),
    "json text": lambda rng: rng.choice(JSONS), "hex text": lambda rng: rng.choice(HEXES), "null": lambda rng: None,
    "uuid": lambda rng: f"{rng.getrandbits(128):032x}",
}
INTEGERS, FRACTIONS = ("small", "large"), ("fraction", "whole float")
NUMBERS = INTEGERS + FRACTIONS + ("number",)
USUAL = ["small", "small", "number", "large", "fraction", "bool", "word", "word", "clean stamp", "stamp", "uuid"]
UNUSUAL = [kind for kind in SCALARS if kind not in ("null",)]

# -- names --

PLAIN_NAMES = ["a", "b", "c", "name", "price", "count", "at", "flag", "code", "note", "city", "x1", "id", "kind",
               "total", "rate", "size"]
ODD_NAMES = ["camelCase", "HTTPRequest", "1st", "a b", "x_", "x2__", "select", "order", "with.dot", "semi;colon",
             'quote"d', "apostrophe's",
             "+1", "-2", "e@mail", "m*n", "p|q", "#", "MyURL2Go", "Straße", "caféine", "__lead", "_one", "UPPER",
             "tab\tbed", "new\nline",
             "value", "list", "_dlt_mine", "ABC123Def", "$price", "100%", "trailing ", "table", "", " ", "日本", "q__r",
             "deep__er__est",
             "group", "null", "true", "type", "v_text", "x__v_text", "a-very-" + "long-" * 30 + "name", "\ue000",
             "load_id", "back\\slash",
             "\u0001", "_", "___", "2", "i", "Ⅷ", "٣", "dlt", "_dlt", "rowid", "sizE", "a,b", "?", "data_type",
             "default", "columns"]
NAMINGS = {module.__name__.split(".")[-1]: module.NamingConvention(65536)
           for module in (snake_case, duck_case, direct, sql_cs_v1, sql_ci_v1)}


def normalised(key, naming="snake_case"):
    """As the normalizer calls it for each key."""
    return NAMINGS[naming].normalize_path(key) if key and not key.isspace() else "_empty"


# -- documents --


@dataclasses.dataclass
class Field:
    key: str
    kind: str  # of SCALARS, or object, objects, scalars, mixed, lists
    parts: list  # of an object: its fields; of a list: those of its objects
    of: str = ""  # the kind of scalars in a list


@dataclasses.dataclass
class Taste:
    """What a resource is like."""
    fields: int
    depth: int
    odd_names: float
    unusual: float  # scalars that are chosen to be difficult
    conflicts: float  # values of another kind than the field's
    # the numbers that stand in conflict with anything: integers, fractions, or both (which makes columns widen)
    numbers: str
    nulls: float
    missing: float
    shuffled: float
    collisions: bool
    twice: float  # keys that are there twice
    late: float  # fields that begin with a later load


@dataclasses.dataclass
class Resource:
    name: str
    hints: dict
    loads: list  # of lists of lines
    taken_over: bool = False  # tidegate goes on with what dlt's first load made
    schema: dict = dataclasses.field(default_factory=dict)  # naming and detections, the same in all of a world
    contract: dict = None
    contract_from: int = 0  # the load that it begins with

    def naming(self):
        return self.schema.get("naming", "snake_case")


def taste(rng):
    calm = rng.random() < 0.4
    return Taste(
        fields=rng.randint(1, 9), depth=rng.choice([0, 1, 2, 3, 4]), odd_names=rng.choice([0, 0.1, 0.5]),
        unusual=0 if calm else rng.choice([0, 0.2, 0.8]), conflicts=0 if calm else rng.choice([0, 0.05, 0.3]),
        numbers=rng.choice(["integers", "fractions", "both"]), nulls=rng.choice([0, 0.05, 0.3]),
        missing=rng.choice([0, 0.1, 0.5]),
        shuffled=rng.choice([0, 0, 0.3]), collisions=rng.random() < 0.08, twice=rng.choice([0] * 9 + [0.05]),
        late=rng.choice([0, 0, 0.3]))


class Maker:
    def __init__(self, rng, liking):
        self.rng, self.taste = rng, liking
        self.allowed = {"integers": INTEGERS, "fractions": FRACTIONS, "both": NUMBERS}[liking.numbers]

    def scalar_kind(self):
        kind = self.rng.choice(UNUSUAL if self.rng.random() < self.taste.unusual else USUAL)
        fits = self.taste.numbers == "both" or kind not in NUMBERS or kind in self.allowed
        return kind if fits else self.rng.choice(self.allowed)

    def any_kind(self):
        """Of a value in conflict with its field, or of an element of a mixed list."""
        while True:
            kind = self.rng.choice(UNUSUAL)
            if kind not in NUMBERS or kind in self.allowed:
                return kind

    def names(self, count, taken):
        found = []
        while len(found) < count:
            key = self.rng.choice(ODD_NAMES if self.rng.random() < self.taste.odd_names else PLAIN_NAMES)
            if self.rng.random() < 0.1:
                key += self.rng.choice(["2", "_id", "Name", " x"])
            if key in taken or normalised(key) in ("_dlt_id", "_dlt_load_id") or (not self.taste.collisions
                                                                                  and normalised(key) in taken):
                key = f"f{len(taken)}_{self.rng.choice(PLAIN_NAMES)}"
            taken |= {key, normalised(key)}
            found.append(key)
        return found

    def fields(self, count, depth):
        return [self.field(key, depth) for key in self.names(count, {RID})]

    def field(self, key, depth):
        nests = depth > 0 and self.rng.random() < 0.35
        kind = self.rng.choice(["object", "object", "objects", "objects", "scalars", "scalars", "mixed",
                                "lists"]) if nests else self.scalar_kind()
        parts = self.fields(self.rng.randint(1, 4), depth - 1) if kind in ("object", "objects", "mixed",
                                                                           "lists") else []
        return Field(key, kind, parts, self.scalar_kind())

    def value(self, field, depth=0):
        rng = self.rng
        if rng.random() < self.taste.nulls:
            return None
        if rng.random() < self.taste.conflicts:
            return self.conflict(field, depth)
        if field.kind == "object":
            return Object() if rng.random() < 0.05 else self.object(field.parts, depth + 1)
        if field.kind in SCALARS:
            return SCALARS[field.kind](rng)
        return self.list(field, depth)

    def list(self, field, depth):
        rng, count = self.rng, self.rng.choice([0, 1, 1, 2, 3, 5])
        element = {
            "objects": lambda: self.object(field.parts, depth + 1), "scalars": lambda: SCALARS[field.of](rng),
            "mixed": lambda: rng.choice([lambda: SCALARS[self.any_kind()](rng),
                                         lambda: self.object(field.parts, depth + 1), lambda: None])(),
            "lists": lambda: rng.choice([
                lambda: [SCALARS[field.of](rng) for _ in range(rng.randint(0, 3))],
                lambda: [self.object(field.parts, depth + 1)],
                lambda: [[SCALARS[field.of](rng)], []]])(),
        }[field.kind if field.kind in ("objects", "scalars", "mixed", "lists") else "scalars"]
        return [None if rng.random() < self.taste.nulls / 2 else element() for _ in range(count)]

    def conflict(self, field, depth):
        rng = self.rng
        which = rng.random()
        if which < 0.75 or depth > 4:
            return SCALARS[self.any_kind()](rng)
        inner = Field("", "scalars", [], self.any_kind())
        return Object([["k", SCALARS[inner.of](rng)]]) if which < 0.9 else self.list(inner, depth)

    def object(self, fields, depth):
        rng = self.rng
        pairs = Object([[field.key, self.value(field, depth)] for field in fields
                        if rng.random() >= self.taste.missing])
        if rng.random() < self.taste.shuffled:
            rng.shuffle(pairs)
        if pairs and rng.random() < self.taste.twice:
            field = rng.choice(fields)
            pairs.insert(rng.randint(0, len(pairs)), [field.key, self.value(field, depth)])
        return pairs


HINTS = [
    {"data_type": "text"}, {"data_type": "double"}, {"data_type": "bool"}, {"data_type": "timestamp"},
    {"data_type": "bigint"},
    {"data_type": "json"}, {"data_type": "decimal"}, {"data_type": "date"}, {"data_type": "time"},
    {"data_type": "binary"}, {"data_type": "wei"},
    {"data_type": "timestamp", "timezone": False}, {"data_type": "timestamp", "timezone": False, "precision": 3},
    {"data_type": "decimal", "precision": 20, "scale": 4}, {"data_type": "bigint", "precision": 32},
    {"nullable": True}, {"data_type": "timestamp", "precision": 9}, {"data_type": "timestamp", "timezone": True},
]


def resource(name, rng):
    liking = taste(rng)
    maker = Maker(rng, liking)
    fields = maker.fields(liking.fields, liking.depth)
    hints = {"write_disposition": rng.choice(["append", "append", "append", "merge", "replace"])}
    if hints["write_disposition"] == "merge":
        hints["primary_key"] = RID
    if rng.random() < 0.25:
        hints["max_table_nesting"] = rng.choice([0, 1, 2, 3])
    if rng.random() < 0.2:
        chosen = rng.sample(fields, min(len(fields), rng.randint(1, 3)))
        hints["columns"] = {field.key: dict(rng.choice(HINTS)) for field in chosen if field.key.strip()}
    begins = {id(field): 0 if rng.random() >= liking.late else rng.randint(1, 3) for field in fields}
    style = rng.choice([{}, {"escape": True}, {"between": (", ", ": ")}])
    loads, rids = [], 0
    for number in range(rng.choice([1, 1, 2, 2, 3, 4])):
        lines, used = [], set()
        for _ in range(rng.choice([1, 2, 3, 5, 10, 20, 60])):
            rid, rids = rids, rids + 1
            if hints["write_disposition"] == "merge" and rng.random() < 0.4 and rid:
                rid = rng.randrange(rid)
            if rid in used:
                continue
            used.add(rid)
            document = maker.object([field for field in fields if begins[id(field)] <= number], 0)
            document.insert(rng.randint(0, len(document)), [RID, rid])
            lines.append(dump(document, **style))
        loads.append(lines)
    return Resource(name, hints, loads)


DETECTIONS = [[], ["iso_date"], ["iso_timestamp", "iso_date"], ["timestamp"], ["large_integer", "iso_timestamp"],
              ["wei_to_double"]]
ANSWERS = ["evolve", "discard_row", "discard_value"]


def settings(rng):
    """Of a schema."""
    found = {}
    if rng.random() < 0.3:
        found["naming"] = rng.choice([name for name in NAMINGS if name != "snake_case"])
    if rng.random() < 0.25:
        found["detections"] = rng.choice(DETECTIONS)
    return found


def contracted(one, rng):
    """The resource with a contract, mostly one that begins when there are tables to hold data to."""
    if len(one.loads) < 2 or rng.random() > 0.35:
        return one
    contract = {about: rng.choice(ANSWERS) for about in ("tables", "columns", "data_type") if rng.random() < 0.8}
    if contract and rng.random() < 0.1:
        contract[rng.choice(sorted(contract))] = "freeze"
    begins = rng.choice([0, 1, 1, 1])
    if "max_table_nesting" in one.hints:  # which dlt forgets in the first load of a resource that has a contract
        begins = 1
    return dataclasses.replace(one, contract=contract or None, contract_from=begins)


def world(seed, count=6):
    rng = random.Random(seed)
    resources = [resource(f"t{number}", random.Random(rng.getrandbits(64))) for number in range(count)]
    rng = random.Random(f"settings of {seed}")
    schema = settings(rng)
    resources = [dataclasses.replace(contracted(one, rng), schema=schema) for one in resources]
    if seed % 5 == 4:
        resources = [dataclasses.replace(one, taken_over=True) for one in resources]
    return resources
