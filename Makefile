# The few commands of the repository; each prepares what it needs.
# PRESET=dev|release|asan|tsan chooses the build; JOBS the parallelism of tests.
PRESET ?= release
JOBS ?= 2
BUILD := build/$(PRESET)

.PHONY: help setup configure build build-tests test bench demo oracle parity crash torture interop fuzz clean

help:  ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## Install and fetch what the build needs (instant when done)
	@tools/setup

configure: setup
	@test -f $(BUILD)/build.ninja || cmake --preset $(PRESET)

build: configure  ## Build the programs into build/<preset>
	@cmake --build $(BUILD) --target programs

build-tests: configure  # everything else too
	@cmake --build $(BUILD)

test: build-tests  ## Build, then run every test
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS) --no-label-summary

bench: build-tests  ## Measure against peers; SF=10, ROWS=20000000 for more data, ONLY=latency for a part
	@$$(tools/setup --env bench)/bin/python -B bench/run.py $(BUILD)

demo: build  ## Run the main job on real data in a workspace of its own
	@BUILD_DIR=$(BUILD) tools/demo

oracle: setup  ## Ask a real Spark and compare with the recorded answers (ONLY="strings/ json/" for some files)
	@tools/oracle/setup
	@tools/oracle/record --check $(addprefix --only ,$(ONLY))
	@tools/oracle/record_log --check
	@tools/oracle/record_convert --check
	@tools/oracle/record_shredded --check

parity: build-tests  ## Run the client tests and write docs/parity.md from what they drove
	@tools/parity/run $(BUILD)

crash: build-tests  ## Kill the server and drivers at random and check what survives
	@tests/crash/run $(BUILD)

torture: build-tests  ## Many killed writers on few tables; the history must equal a serial order (COMMITS=10000)
	@tests/torture/run $(BUILD) $(COMMITS)

interop: build  ## Pass Delta tables between us, deltalake and delta-spark; writes the support matrix (ONLY="row tracking")
	@tests/interop/run $(BUILD) "$(ONLY)"

fuzz: setup  ## Feed made-up logs, checkpoints, vectors, statistics and Snappy blocks to what reads them (SECONDS=60 each, ONLY="log stats")
	@tests/fuzz/run "$(SECONDS)" $(ONLY)

clean:  ## Remove every build folder
	rm -rf build
