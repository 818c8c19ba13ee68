# The front door. `make help` lists what is behind it; the build itself is CMakeLists.txt.
PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60

# $(call build,PRESET[,TARGET]): builds what has changed.
build = @tools/configure $(1) && \
	cmake --build build/$(1) --target $(or $(2),all)

# The engine that tests run on beside the newest one.
older = build/deps/duckdb-1.5/lib

# Tests with as many failures, or models, as they are told.
patient = tools/run-tests --timeout 7200

targets = all deps demo test notebooks test-both test-older test-python-engines test-postgres-18 fuzz torture crash memory tsan coverage wheel test-wheel test-orchestrators install format clean distclean help
all: deps ## build build/tidegate and build/libtidegate.so (the default)
	$(call build,release)
	@ln -sfn release/tidegate build/tidegate
	@ln -sfn release/libtidegate.so build/libtidegate.so

deps: ## install what is missing to build, test and run
	@tools/install-deps

demo: all ## build, and run the seed example
	@examples/demo.sh

test: deps ## build with gcc and with sanitizers, and run every test on one of them, what is tried many times over in part (make torture); fuzz 20 s
	$(call build,dev,for_scripts unit_engine)
	$(call build,asan-ubsan,tidegate unit_own fuzz $(addprefix examples_,paged_api arrow_stream two_pipelines))
	@POSTGRES_CASES=half tools/run-tests build/dev:checks,unit/engine,cases/duckdb,cases/postgres,cli,crash,python build/asan-ubsan:unit/own,cases/sqlite,examples,fuzz

notebooks: deps ## run examples/notebooks, and store what comes out in them
	$(call build,dev,python_core)
	@PYTHONPATH=$(CURDIR)/build/dev/python PYTHONDONTWRITEBYTECODE=1 TIDEGATE_NOTEBOOKS=write \
		build/deps/python/bin/python -m pytest -p no:cacheprovider -q python/tests/test_notebooks.py python/tests/test_prefect.py -k notebook

test-both: deps ## build with gcc and with sanitizers, and run every test on both
	$(call build,dev)
	$(call build,asan-ubsan)
	@tools/run-tests build/dev build/asan-ubsan

test-older: deps ## every test of the gcc build on DuckDB 1.5
	$(call build,dev)
	@tools/run-tests --engine $(older) build/dev

test-python-engines: deps ## every test of the Python package on duckdb 1.4 and on 1.5
	$(call build,dev,for_scripts)
	@for version in 1.4 1.5; do tools/run-tests --only python --duckdb $$version build/dev || exit 1; done

test-postgres-18: deps ## every test of the gcc build on PostgreSQL 18
	@tools/install-deps postgres-18
	$(call build,dev)
	@tools/run-tests --only unit,cases,cli,crash --postgres 18 build/dev

test-orchestrators: deps ## the examples of Dagster and Airflow, each with its packages (600 MB, fetched the first time)
	@tools/install-deps orchestrators
	$(call build,dev,python_core)
	@for name in dagster airflow; do PYTHONPATH=$(CURDIR)/build/dev/python PYTHONDONTWRITEBYTECODE=1 \
		build/deps/$$name/bin/python -m pytest -p no:cacheprovider -q python/tests/orchestrators/test_$$name.py || exit 1; done

torture: deps ## unit tests with every single allocation failing once; thousands of strategies, undos and cursors against their models; crash tests with each call failing once, and many killed workers
	$(call build,asan-ubsan)
	@TG_TORTURE=full $(patient) --only unit build/asan-ubsan
	@tools/check-arm
	$(call build,dev)
	@for seed in 1000 2000 3000 4000 5000 6000 7000 8000 9000 10000; do \
		STRATEGY_SEED=$$seed STRATEGY_TABLES=200 $(patient) --only cli --match cli/strategies build/dev && \
		UNDO_SEED=$$seed UNDO_SEQUENCES=50 $(patient) --only cli --match cli/undo build/dev && \
		CURSOR_SEED=$$seed CURSOR_SEQUENCES=400 $(patient) --only cli --match cli/cursors build/dev || exit 1; done
	@TG_TORTURE=full $(patient) --only cli --match cli/valgrind build/dev
	@TG_TORTURE=full $(patient) --only crash,cases/postgres build/dev
	@WINDOWS=400 KILLS=30 $(patient) --only crash --match workers build/dev

crash: all ## 51 runs of a million rows killed at random moments, each put right by the next
	@TIDEGATE=build/tidegate KILLS=51 ROWS=1000000 tests/crash/kill.sh

memory: all ## files ten times as large as the memory the kernel allows, of every shape
	@rm -f build/memory.log && touch build/memory.log
	@TIDEGATE=build/tidegate TIDEGATE_BUILD=build/release MEMORY_LOG=build/memory.log \
		MEMORY_KINDS="flat nested texts wide sparse resources" tests/cli/memory.sh
	@cat build/memory.log

tsan: deps ## unit tests and cases under the thread sanitizer
	$(call build,tsan)
	@tools/run-tests --only unit,cases build/tsan

coverage: deps ## which lines of each source file the tests run
	$(call build,coverage)
	@find build/coverage -name '*.gcda' -delete
	@tools/run-tests --only unit,cases,cli build/coverage
	@tools/coverage build/coverage

wheel: deps ## the Python package in build/wheel: an sdist, and a wheel built from that
	@tools/build-wheel

test-wheel: wheel ## check the wheel, and test it in fresh environments of Python 3.11 and the newest, on DuckDB 1.4, 1.5, 2.0
	@tools/test-wheel

fuzz: deps ## run the fuzz targets for FUZZ_SECONDS (60)
	$(call build,asan-ubsan)
	@tools/run-fuzz build/asan-ubsan/fuzz $(FUZZ_SECONDS)

ifneq ($(wildcard bench/run),)
targets += bench
bench: all ## measure speed and memory
	@bench/run
	@bench/run-dispositions
	@bench/run-ties
	@bench/run-python
	@tools/with-postgres bench/run-postgres
endif

ifneq ($(wildcard tests/compat/run),)
targets += compat
compat: all ## compare what lands in the destination with what dlt puts there
	@tests/compat/run
endif

# The folders below a prefix are chosen when it is configured: lib/x86_64-linux-gnu, lib64 or lib.
install: all ## install to PREFIX (/usr/local), below DESTDIR, in the folders that this system has below that prefix
	@cmake -DCMAKE_INSTALL_PREFIX:PATH="$$(realpath -ms -- "$(PREFIX)")" build/release >build/install.log || { cat build/install.log; exit 1; }
	$(call build,release)
	@DESTDIR="$(DESTDIR)" cmake --install build/release

format: ## lay out all C files by .clang-format
	@git ls-files --cached --others --exclude-standard '*.c' '*.h' | xargs clang-format-14 -i

clean: ## remove what was built, keep what was downloaded
	@find build -mindepth 1 -maxdepth 1 ! -name deps -exec rm -rf {} + 2>/dev/null || true

distclean: ## remove what was built and what was downloaded
	@rm -rf build

help: ## list these targets
	@for target in $(targets); do \
		sed -nE "s/^($$target):[^#]*## (.*)/    make \1\t\2/p" Makefile; \
	done | expand -t 22

.PHONY: $(targets)
