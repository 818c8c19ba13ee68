#!/usr/bin/env bash
# `show loads --html`: what the page says, and how a browser shows it.
. "$(dirname "$0")/lib.bash"

browser=$(command -v chromium-headless-shell || command -v chromium || true)

# Six loads into two tables, with rows that are updated, deleted and rejected, and text that is no HTML.
history() {
    spec "orders: {path: orders.jsonl, write_disposition: merge, primary_key: id, on_bad_row: reject, incremental: updated_at}
  a_table_with_a_very_long_name_that_goes_on_and_on: {path: c.jsonl, write_disposition: append}"
    for load in 0 1 2 3 4 5; do
        for id in 1 2 3 4 5; do
            echo "{\"id\": $((id + load)), \"updated_at\": \"2024-01-0$((load))1T00:00:00Z\", \"items\": [{\"sku\": \"a\"}]}"
        done | sed "s/-0\([0-9]\)1T/-1\1T/" >orders.jsonl
        seq $((load * 100)) $((load * 100 + load * 3)) | sed 's/.*/{"id": &}/' >c.jsonl
        [ $load != 4 ] || echo '{"id": <script>alert(1)</script>}' >>orders.jsonl
        run 0
    done
}

page() {
    tg show spec.yaml loads --html page.html
    equal 0 "$ended" "show loads --html: $said"
}

test_the_page_says_what_there_is() {
    history
    page
    python3 - <<'PYTHON'
import html.parser, re
text = open("page.html", encoding="utf-8").read()
class Page(html.parser.HTMLParser):
    open_tags, tags, words = [], [], []
    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "rect"):
            self.open_tags.append(tag)
    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
    def handle_endtag(self, tag):
        assert self.open_tags.pop() == tag, tag
    def handle_data(self, data):
        self.words.append(data)
page = Page()
page.feed(text)
assert page.open_tags == [], page.open_tags
# It stands by itself: nothing is run, nothing fetched.
assert not any(tag in ("script", "img", "link", "iframe") for tag, _ in page.tags)
assert not any(key in ("src", "href") for _, attributes in page.tags for key in attributes)
assert "default-src 'none'" in text and "url(" not in text
said = " ".join(page.words)
for part in ("d", "pipeline test", "the last 6 loads", "orders__items", "a_table_with_a_very_long_name_that_goes_on_and_on",
             "2024-01-15T00:00:00Z", "updated_at", "TIMESTAMP", "primary_key", "malformed JSON", "orders.jsonl"):
    assert part in said, part
facts = dict((what, value) for value, what in re.findall(r"<div><b>([^<]*)</b>([^<]*)</div>", text))
assert facts["loads"] == "6" and facts["rows rejected"] == "1", facts
bars = [tag for tag, attributes in page.tags if tag == "g"]
assert len(bars) == 6, len(bars)
PYTHON
}

test_an_empty_dataset_has_a_page() {
    spec
    echo '{"id": 1}' >t.jsonl
    run 0
    "$tidegate" sql spec.yaml --write "delete from _tidegate_loads" >/dev/null
    page
    grep -q "Nothing was loaded yet." page.html || fail "no word that it is empty"
}

test_cursors_of_any_zone_have_their_age_and_long_ones_are_whole() {
    local zones="none Z +01 +0100 +01:00 -02:30 -0230" long
    long=x$(seq 300 | sed 's/.*/é/' | tr -d '\n')
    spec "$(for zone in $zones long; do echo "  t$zone: {path: '$zone.jsonl', incremental: at}"; done | sed '1s/^ *//')"
    python3 - $zones <<'PYTHON'
import datetime, sys
for zone in sys.argv[1:]:
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=90)
    if zone[0] in "+-":
        hours, minutes = int(zone[:3]), int(zone[3:].lstrip(":") or 0)
        at += datetime.timedelta(hours=hours, minutes=minutes if hours > 0 else -minutes)
    text = at.strftime("%Y-%m-%dT%H:%M:%S.%f") + ("" if zone == "none" else zone)
    print(f'{{"at": "{text}"}}', file=open(f"{zone}.jsonl", "w"))
PYTHON
    echo "{\"at\": \"$long\"}" >long.jsonl
    run 0
    page
    equal 7 "$(grep -o '<td class="w">1 hour</td>' page.html | wc -l)" "ages of 1 hour"
    grep -q "title=\"&quot;$long&quot;\"" page.html || fail "the long value is cut: $(grep -o '<td class="t">tlong.*' page.html)"
    iconv -f UTF-8 page.html >/dev/null
}

test_all_loads_are_counted() {
    spec
    echo '{"id": 1}' >t.jsonl
    run 0
    "$tidegate" sql spec.yaml --write "insert into _tidegate_loads select l.* replace (r.range::varchar as load_id)
        from _tidegate_loads as l, range(30000) as r" >/dev/null
    page
    grep -q "<b>30,001</b>loads" page.html || fail "not all are counted: $(grep -o '<b>[^<]*</b>[^<]*' page.html)"
    grep -q "<b>30,001</b>rows inserted" page.html || fail "not all rows are: $(grep -o '<b>[^<]*</b>[^<]*' page.html)"
}

test_the_page_is_whole_or_is_not_there() {
    spec
    echo '{"id": 1}' >t.jsonl
    run 0
    page
    cp page.html before.html
    mkdir page.html.part
    tg show spec.yaml loads --html page.html
    equal 1 "$ended"
    says "'page.html' cannot be written"
    cmp page.html before.html
    rmdir page.html.part
    mkdir served
    echo old >served/page.html
    ln -s served/page.html link.html
    tg show spec.yaml --html link.html
    equal 0 "$ended"
    [ -L link.html ] || fail "a link was replaced"
    grep -q '</html>' served/page.html || fail "what the link leads to is not written"
    tg show spec.yaml loads --html /dev/full
    equal 1 "$ended"
    [ -c /dev/full ] || fail "a device was replaced"
    tg show spec.yaml loads --html - >/dev/null
    equal 0 "$ended"
    tg show spec.yaml tables --html page.html
    equal 2 "$ended"
    says "--html goes with loads"
    tg show spec.yaml loads --json --html page.html
    equal 2 "$ended"
    [ ! -e page.html.part ] || fail "a part is left"
}

# shot WIDTH SCHEME FILE: 0 is dark, 1 light
shot() {
    "$browser" --no-sandbox --blink-settings=preferredColorScheme="$2" --screenshot="$PWD/$3" --window-size="$1,600" \
        --hide-scrollbars "file://$PWD/page.html" >/dev/null 2>&1
}

test_a_browser_shows_it() {
    [ -n "$browser" ] || fail "there is no Chromium; tools/install-deps brings it"
    local folder=a_folder_with_a_very_long_name_in_which_nothing_can_be_broken_in_two
    mkdir $folder && cd $folder
    history
    page
    shot 400 1 light.png
    shot 400 0 dark.png
    shot 1200 1 wide.png
    # As wide as a telephone, all that is wider scrolls in a box of its own.
    sed 's/<meta http-equiv="Content-Security-Policy"[^>]*>//; s|</body>|<script>document.title = document.documentElement.scrollWidth</script></body>|' \
        page.html >measured.html
    "$browser" --no-sandbox --hide-scrollbars --window-size=400,800 --dump-dom "file://$PWD/measured.html" >dom.html 2>/dev/null
    grep -q "<title>400</title>" dom.html || fail "wider than a telephone: $(grep -o '<title>[^<]*' dom.html)"
    python3 - <<'PYTHON'
import struct, zlib
def read(name):
    """Rows of (red, green, blue), from a PNG of 8 bits."""
    data = open(name, "rb").read()
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    size = {2: 3, 6: 4}[kind]
    assert depth == 8
    at, packed = 8, b""
    while at < len(data):
        length, tag = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + length] if tag == b"IDAT" else b""
        at += length + 12
    raw, before, rows = zlib.decompress(packed), bytearray(width * size), []
    for y in range(height):
        start = y * (width * size + 1)
        line = bytearray(raw[start + 1:start + 1 + width * size])
        for x in range(len(line)):
            left, up = line[x - size] if x >= size else 0, before[x]
            corner = before[x - size] if x >= size else 0
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda value: abs(guess - value))
            line[x] = line[x] + [0, left, up, (left + up) // 2, paeth][raw[start]] & 255
        rows.append([tuple(line[i:i + 3]) for i in range(0, len(line), size)])
        before = line
    return rows
light, dark, wide = (read(name) for name in ("light.png", "dark.png", "wide.png"))
assert light[2][2] == (255, 255, 255), light[2][2]
assert sum(dark[2][2]) < 100, dark[2][2]
def count(rows, colour):
    return sum(pixel == colour for row in rows for pixel in row)
for rows, inserted, deleted in ((light, (0x2f, 0x6f, 0xeb), (0x6e, 0x77, 0x81)), (dark, (0x58, 0xa6, 0xff), (0x8b, 0x94, 0x9e)),
                                (wide, (0x2f, 0x6f, 0xeb), (0x6e, 0x77, 0x81))):
    assert count(rows, inserted) > 2000 and count(rows, deleted) > 200, (count(rows, inserted), count(rows, deleted))
PYTHON
}

run_tests
