#!/usr/bin/env bash
# What a Tab makes of a line, in the shells themselves; and what their scripts ask the command for.
. "$(dirname "$0")/lib.bash"

# offered LINE: the words for its end, with a blank between them
offered() { said=$("$tidegate" completion --line "tidegate $1" 2>&1 | cut -f 1 | paste -sd ' '); }

# offers LINE WORDS
offers() {
    offered "$1"
    equal "$2" "$said" "after 'tidegate $1'"
}

names() {
    cat >"${1:-spec.yaml}" <<'EOF'
pipeline: test
destination: ${NOBODY_SETS_THIS}
source: {type: files}
resources: {orders: , customers: , "a b": , 'it''s': , 名前: }
environments: {dev: , prod: {destination: "${NOBODY_SETS_THIS_EITHER}"}}
EOF
}

test_commands_and_options() {
    offers "" "$("$tidegate" help | sed -n 's/^  \([a-z]*\) .*/\1/p' | paste -sd ' ')"
    offers ch check
    offers "-" "--help --version"
    offers "nothing " ""
    offers "run spec.yaml --pro" --progress
    offers "run --he" --help
    offers "run spec.yaml -- --pro" ""
    offers "init " "files sql"
    offers "init sql po" postgresql
    offers "show spec.yaml sch" schema
    offers "show --json --workdir w spec.yaml sch" schema
    offers "completion " "bash zsh fish"
    offers "help pl" plan
    offers "help spe" spec
    offers "sql spec.yaml " ""
    offers "run " :files
    offers "run spec.yaml " ""
    offers "run spec.yaml --log-file " :files
    offers "run spec.yaml --workdir=" :folders
    "$tidegate" completion --line "tidegate ch" | grep -qP '^check\tValidate a spec' || fail "a word is not explained"
}

test_lists_and_what_stands_before_the_equals_sign() {
    offers "run s --refresh=drop_d" --refresh=drop_data
    offers "run s --schema-contract data_type=f" data_type=freeze
    offers "run s --schema-contract=tables=freeze,col" --schema-contract=tables=freeze,columns=
    names
    offers "run spec.yaml --env " "dev prod"
    offers "show spec.yaml --env=p" --env=prod
    offers "run spec.yaml --select orders,cu" orders,customers
    offers "run spec.yaml --select=orders,cu" --select=orders,customers
}

test_lines_of_any_form() {
    names "my spec.yaml"
    local line
    for line in "run my\\ spec.yaml --select cu" "run 'my spec.yaml' --select cu" "run \"my spec.yaml\"  --select \"cu" \
        "  run  --quiet my' 's\"pec\".yaml	--select cu"; do
        offers "$line" customers
    done
    HOME=$PWD offers "run ~/my\\ spec.yaml --select cu" customers
    offers "run \\" ":files"
    offers "run $(printf 'x %.0s' {1..300})" ""
    said=$("$tidegate" completion --line "") || fail "an empty line failed"
    equal "" "$said"
}

# Nobody who types wants to hear what is wrong with a spec; nor is anything opened that could take long.
test_a_spec_that_is_not_one() {
    names
    offers "run spec.yaml --select " "orders customers a b it's 名前"
    echo "resources: {a: [" >broken.yaml
    mkfifo pipe.yaml
    local spec
    for spec in broken.yaml none.yaml pipe.yaml . /dev/zero ''; do offers "run $spec --select " ""; done
    [ ! -e .tidegate ] || fail "a working directory was made"
}

# Each value that an option takes is offered, or known to be free; and what is offered is taken.
test_the_words_of_every_option() {
    local free=" A B N RUN SECONDS SIZE TEXT TIME ZONE " command option value word
    names
    for command in $("$tidegate" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
        while read -r option value; do
            offered "$command spec.yaml $option "
            [[ -n $said || $free == *" $value "* ]] || fail "complete.c knows no words for $command $option $value"
        done < <("$tidegate" help "$command" | sed -n '/^Options/,$s/^  \(--[a-z-]*\) \([A-Z_]\+\).*/\1 \2/p')
    done
    spec "t: {path: t.jsonl, incremental: a}"
    echo '{"a": 1}' >t.jsonl
    for option in --progress --log-level --refresh --schema-contract --memory; do
        offered "run spec.yaml $option "
        for word in $said; do
            [[ $word == *= ]] || "$tidegate" run spec.yaml "$option" "$word" >log 2>&1 || fail "$option $word: $(<log)"
        done
    done
}

# typed SHELL LINE WANTED [LINE WANTED...]: the words that the shell has once a Tab was typed at the end
typed() {
    local shell=$1 lines=() wanted=()
    names "my spec.yaml"
    mkdir -p "d e"
    "$tidegate" completion "$shell" >words.sh
    "$shell" -n words.sh
    while shift && [ $# -gt 0 ]; do
        lines+=("$tidegate $1") wanted+=("<$tidegate>$2")
        shift
    done
    said=$("$root/tests/typed.py" "$shell" ./words.sh "${lines[@]}")
    equal "$(printf '%s\n' "${wanted[@]}")" "$said"
}

in_a_shell() {
    typed "$1" "che" "<check>" \
        "run my" "<run><my spec.yaml>" \
        "run my\\ spec.yaml --ref" "<run><my spec.yaml><--refresh>" \
        "run my\\ spec.yaml --refresh drop_d" "<run><my spec.yaml><--refresh><drop_data>" \
        "run my\\ spec.yaml --refresh=drop_d" "<run><my spec.yaml><--refresh=drop_data>" \
        "run x --schema-contract=tables=freeze,col" "<run><x><--schema-contract=tables=freeze,columns=>" \
        "run 'my spec.yaml' --select orders,cu" "<run><my spec.yaml><--select><orders,customers>" \
        "run 'my spec.yaml' --select a" "<run><my spec.yaml><--select><a b>" \
        "run 'my spec.yaml' --select 'a" "<run><my spec.yaml><--select><a b>" \
        "run 'my spec.yaml' --select=\"a" "<run><my spec.yaml><--select=a b>" \
        "run 'my spec.yaml' --select=it" "<run><my spec.yaml><--select=it's>" \
        "run 'my spec.yaml' --select 名" "<run><my spec.yaml><--select><名前>" \
        "run x --log-file=my" "<run><x><--log-file=my spec.yaml>" \
        "run x --workdir d" "<run><x><--workdir><d e$2>" \
        "sql x my" "<sql><x><my>" \
        "run broken.yaml --select o" "<run><broken.yaml><--select><o>"
}

test_bash() { in_a_shell bash /; }
test_zsh() { in_a_shell zsh ""; }
test_fish() { in_a_shell fish /; }

test_a_shell_that_is_none() {
    local code=0
    said=$("$tidegate" completion tcsh 2>&1) || code=$?
    equal 2 "$code"
    says "'tcsh' is no shell with a script; choose bash, zsh or fish"
}

run_tests
