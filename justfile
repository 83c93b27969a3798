# Conveniences: each recipe is one line that calls cargo, the binary or one script.

# List the recipes.
default:
    @just --list --unsorted

# A working chain on this machine: node, miner, wallet; finds others on the LAN.
up *FLAGS:
    cargo run --release -- up {{FLAGS}}

# N nodes on this machine, each a real process, with tagged logs.
lan N="3" *FLAGS:
    cargo run --release -- up --nodes {{N}} {{FLAGS}}

# N hosts in network namespaces: one bridge with mDNS, then two bridges that mDNS cannot cross. Needs root.
netns N="3":
    tests/netns/run {{N}}

# A second implementation, in Python, over the table of rules and SEEDS random chains: both must agree on everything.
reference SEEDS="24":
    tests/reference/run {{SEEDS}}

# Every test that needs no extra program.
test:
    cargo test --workspace

# Change the rules in one small way after another: does a test notice? docs/mutation.md explains what survives.
mutants *FLAGS:
    tests/mutation/run {{FLAGS}}

# Exactly what CI runs, in the order that fails fastest.
check:
    .ci/run

# Format everything.
fmt:
    cargo fmt --all

# Measure the lines named, or all; each prints both sides of its ratio. All take long.
bench *LINES:
    cargo bench --bench speed -- {{LINES}}

# Instructions of full blocks at height 10^6 beside the same at 10^3, counted by callgrind. Needs valgrind.
instructions:
    benches/instructions/run

# Feed every fuzz target, or one, what it may not expect, for so many seconds each.
fuzz SECONDS="60" TARGET="":
    fuzz/run {{SECONDS}} {{TARGET}}

# Kill a mining node with signal 9 thirty times, and restart it each time on the same folder.
kill-test KILLS="30":
    CAIRN_KILLS={{KILLS}} cargo test --test kill -- --nocapture

# Crash a recorded node at every point, and open what is left. Needs a C compiler; takes minutes.
crash-test:
    cargo test --no-default-features --features runtime,sled --test crash -- --ignored --nocapture every_crash

# Flip bits in a node's folder, and open it.
damage-test FLIPS="1000":
    CAIRN_DAMAGE_FLIPS={{FLIPS}} cargo test --no-default-features --features runtime,sled --test crash -- --nocapture damage

# A node that joins at height 2,000 over loopback: how long it takes, and how much memory an idle node holds.
join HEIGHT="2000":
    CAIRN_JOIN_HEIGHT={{HEIGHT}} cargo test --release --test join -- --ignored --nocapture

# A whole network in virtual time, with a verdict: a scenario by name, or the path of one of your own.
sim SCENARIO="baseline" *FLAGS:
    cargo run --release -p netsim -- run {{SCENARIO}} {{FLAGS}}

# Hold simulated networks against theory: stale rates, floods, selfish mining, double spending, difficulty. Takes minutes.
sim-validate:
    cargo run --release -p netsim -- validate

# COUNT small networks with random faults, a seed each: crashes in the middle of writes, partitions, jumping clocks, liars.
sim-sweep COUNT="100" *FLAGS:
    cargo run --release -p netsim -- sweep {{COUNT}} {{FLAGS}}

# Plant mistakes in a copy of the node: do random faults find each? docs/simulation.md has the table. Takes minutes.
sim-bugs *NAMES:
    cargo run --release -p netsim -- bugs {{NAMES}}
