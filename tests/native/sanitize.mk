# Three builds of the units, the pool and the fuzz, each run once: `make sanitize` from the root.
# SEED and CASES (of dense rows, in the address build) as variables.

MAKEFLAGS += --no-builtin-rules
SEED ?= 1
CASES ?= 3000
CXX ?= g++
OUT := build/sanitize
NATIVE := src/crossent/kernels/cpu/native
OWN := tests/native
BUILDS := address thread plain
UNITS := baseline

FLAGS := -std=c++17 -g1 -Wall -Wextra -pthread -fno-math-errno -ffp-contract=off -I$(NATIVE)
# Under sanitizers gcc finds values uninitialised that are not.
FLAGS_address := -O1 -Wno-maybe-uninitialized -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_thread := -O1 -Wno-maybe-uninitialized -fsanitize=thread
FLAGS_plain := -O3
CASES_address := $(CASES)
CASES_thread := $(shell expr $(CASES) / 4)
CASES_plain := $(CASES)

# As in CMakeLists.txt.
ifeq ($(shell uname -m),x86_64)
UNITS += avx2 avx512
FLAGS += -DCROSSENT_X86
FLAGS_avx2 := -mavx2 -mfma -mf16c
FLAGS_avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c -mprefer-vector-width=512 \
	-Wno-uninitialized -Wno-maybe-uninitialized
endif

# Not detect_stack_use_after_return: gcc 12 then aligns no array to 64 bytes (its PR 110027).
export ASAN_OPTIONS := detect_leaks=1:strict_init_order=1
export UBSAN_OPTIONS := print_stacktrace=1
export TSAN_OPTIONS := halt_on_error=1:second_deadlock_stack=1

.PHONY: all digits $(BUILDS)
.SECONDARY:
all: $(BUILDS) digits

define build
$(OUT)/$(1)/unit_%.o: $(NATIVE)/unit.cpp
	@mkdir -p $$(@D)
	@$$(CXX) $(FLAGS) $(FLAGS_$(1)) $$(FLAGS_$$*) -DCROSSENT_UNIT=$$* -MMD -MP -c -o $$@ $$<

$(OUT)/$(1)/threads.o: $(NATIVE)/threads.cpp
	@mkdir -p $$(@D)
	@$$(CXX) $(FLAGS) $(FLAGS_$(1)) -MMD -MP -c -o $$@ $$<

$(OUT)/$(1)/fuzz.o: $(OWN)/fuzz.cpp
	@mkdir -p $$(@D)
	@$$(CXX) $(FLAGS) $(FLAGS_$(1)) -DBUILD='"$(1)"' -MMD -MP -c -o $$@ $$<

# The wide units last: see CMakeLists.txt.
$(OUT)/$(1)/fuzz: $(OUT)/$(1)/fuzz.o $(OUT)/$(1)/threads.o $(UNITS:%=$(OUT)/$(1)/unit_%.o)
	@$$(CXX) $(FLAGS_$(1)) -pthread -o $$@ $$^ -ldl

$(1): $(OUT)/$(1)/fuzz
	@$(OUT)/$(1)/fuzz all $(SEED) $(CASES_$(1))
endef
$(foreach one,$(BUILDS),$(eval $(call build,$(one))))

-include $(wildcard $(OUT)/*/*.d)

# What this machine cannot run is not run.
RUNNABLE := baseline $(shell grep -qw avx2 /proc/cpuinfo && echo avx2) $(shell grep -qw avx512dq /proc/cpuinfo && echo avx512)

$(OUT)/digits_%: $(OWN)/digits.cpp $(NATIVE)/exp.hpp
	@mkdir -p $(@D)
	@$(CXX) $(FLAGS) -O3 $(FLAGS_$*) -DCROSSENT_UNIT=$* -o $@ $<

digits: $(filter $(UNITS:%=$(OUT)/digits_%),$(RUNNABLE:%=$(OUT)/digits_%))
	@for each in $^; do $$each || exit 1; done
