#!/usr/bin/env bash
# One spec for several environments: every command takes --env, and none sees what another one's has sealed.
. "$(dirname "$0")/lib.bash"
unset TIDEGATE_ENV

two() {
    cat >spec.yaml <<SPEC
pipeline: test
dataset: d
source: {type: files}
resources:
  t: {path: 't*.jsonl', incremental: {cursor: id}}
undo: {loads: 3}
environments:
  dev: {destination: "duckdb:///dev.duckdb"}
  prod: {destination: "$destination", dataset: p}
SPEC
    printf '{"id": %d}\n' 1 2 >t.jsonl
}

# tide CODE COMMAND...: tidegate must end with CODE; its words are in $said
tide() {
    local code=$1 got=0
    shift
    said=$("$tidegate" "$@" 2>&1 </dev/null) || got=$?
    [ "$got" = "$code" ] || fail "$* ended with $got, not $code: $said"
}

count() { "$tidegate" sql spec.yaml "select count(*) from t" --env "$1" --csv | tail -1; }

test_every_command_that_takes_a_spec() {
    two
    local command commands
    commands=$("$tidegate" --help | awk '/^Commands:/ { on = 1; next } !NF { on = 0 } on { print $1 }')
    for command in $commands; do
        "$tidegate" help "$command" | grep -q '^  SPEC ' || continue
        "$tidegate" help "$command" | grep -q -e '--env NAME' || fail "$command has no --env"
        tide 2 "$command" spec.yaml $(case $command in
            show) echo loads ;; sql) echo "select" ;; why) echo t 1 ;; undo) echo 1 --yes ;;
            advise) echo t ;; reset | drop) echo --yes ;; work) echo --join x ;; backfill) echo --from 0 --to 9 --window 3 ;; esac)
        says "spec.yaml:7:1: the spec has environments (dev, prod), and none is chosen; say --env"
    done
    tide 2 run spec.yaml --env prd
    says "there is no environment 'prd' (there are: dev, prod); did you mean 'prod'?"
}

test_all_honour_it() {
    two
    tide 0 check spec.yaml --env dev
    says "spec.yaml, environment dev: the spec is right" "dev.duckdb (dataset 'd')"
    tide 0 run spec.yaml --env dev
    says "dev.duckdb, environment dev"
    [ ! -e test.duckdb ] || fail "the other's file is there"
    echo '{"id": 3}' >>t.jsonl
    TIDEGATE_ENV=prod tide 0 run spec.yaml --json --progress json
    says '"environment":"prod"' '"dataset":"p"' '"pipeline":"test","environment":"prod"'
    equal "2 3" "$(count dev) $(count prod)"
    TIDEGATE_ENV=prod tide 0 run spec.yaml --env dev --log-file log
    equal "3 3" "$(count dev) $(count prod)"
    grep -q ' test@dev\[' log || fail "$(cat log)"
    tide 0 plan spec.yaml --env prod --json
    says '"environment":"prod"' '"stored_value":"3"'
    tide 0 show spec.yaml loads --env prod --csv
    equal 2 "$(wc -l <<<"$said")" "lines of show"
    tide 0 why spec.yaml t id=3 --env prod
    says "brought it"
    tide 0 undo spec.yaml "$("$tidegate" show spec.yaml loads --env dev --csv | sed -n 3p | cut -d, -f1)" --yes --env dev
    says "dev.duckdb, environment dev:" "load 1"
    equal "2 3" "$(count dev) $(count prod)"
    tide 0 undo spec.yaml --env dev --look --json
    says '"environment":"dev","destination":'
    tide 0 reset spec.yaml --env dev --look
    says "dev.duckdb, environment dev"
    tide 0 reset spec.yaml --env dev --look --json
    says '"environment":"dev","destination":'
    tide 0 drop spec.yaml --yes --env prod
    says ", environment prod"
    tide 0 run spec.yaml --env prod --quiet
    equal "2 3" "$(count dev) $(count prod)"
    tide 0 check spec.yaml --env prod --json
    says '{"environment":"prod","destination":'
}

test_workers_of_a_backfill_have_it() {
    [ $kind = postgres ] || return 0
    two
    tide 0 backfill spec.yaml --env prod --from 0 --to 4 --window 2 --jobs 2
    equal 2 "$(count prod)"
    [ ! -e dev.duckdb ] || fail "the other's file is there"
}

# What dev has sealed waits for dev, whatever prod does; so it is with a working directory that both are told.
test_packages_are_never_shared() {
    two
    local place
    for place in "" "--workdir both"; do
        rm -rf dev.duckdb .tidegate both
        TG_FAIL_AT=after_seal "$tidegate-faulty" run spec.yaml --env dev $place >/dev/null 2>&1 && fail "it was not killed"
        tide 0 show spec.yaml packages --env prod $place
        says "(0 rows)"
        tide 0 run spec.yaml --env prod $place
        equal 2 "$(count prod)"
        tide 0 show spec.yaml packages --env dev $place --csv
        says ",sealed,d,"
        tide 0 run spec.yaml --env dev $place
        says "earlier run, sealed but not yet written, went in first"
        equal "2 2" "$(count dev) $(count prod)"
    done
}

test_secrets_of_the_others_are_not_asked_for() {
    two
    echo '  ci: {destination: "postgresql://u:${NO_SUCH_SECRET}@127.0.0.1:1/x"}' >>spec.yaml
    tide 0 run spec.yaml --env dev
    tide 2 run spec.yaml --env ci
    says "spec.yaml:10:" "the environment has no 'NO_SUCH_SECRET'"
    NO_SUCH_SECRET=s3cr3t-word tide 1 run spec.yaml --env ci
    ! grep -q s3cr3t <<<"$said" || fail "$said"
}

run_tests duckdb postgres
