#!/usr/bin/env bash
# The golden digests of crates/ensemble on 64-bit ARM, emulated: networks must come out with the bits that they have
# on x86-64. Needs a Debian machine and root, for apt: it installs a cross linker and qemu, takes the sources of the
# standard library from Debian (nothing else is needed from rustup), and builds the crate alone. Where these cannot
# be had it says so and succeeds; a digest that differs fails. `tests/aarch64.sh --all` runs all tests of the crate.
set -euo pipefail
cd "$(dirname "$0")/.."

release=$(rustc -vV | sed -n 's/^release: //p')
work="${XDG_CACHE_HOME:-$HOME/.cache}/hspipe/aarch64-$release"
target=aarch64-unknown-linux-gnu

not_checked() {
  echo "aarch64: not checked: $*"
  exit 0
}

install_tools() {
  command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 >/dev/null && return
  apt-get update -qq &&
    apt-get install -y -qq --no-install-recommends gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user >/dev/null
}

# The library's sources must be those of exactly this compiler. Debian's backports keep several versions.
fetch_library() {
  [ -d "$work/library/std" ] && return
  local apt="$work/apt" mirror version
  mirror=$(sed -n 's/^URIs: //p' /etc/apt/sources.list.d/debian.sources | head -1)
  mkdir -p "$apt/lists/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie-backports main" >"$apt/list"
  local options=(-qq -o Dir::Etc::SourceList="$apt/list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::State::Lists="$apt/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$apt"
    -o APT::Sandbox::User=root -o Acquire::Languages=none)
  apt-get "${options[@]}" update || return 1
  version=$(apt-cache "${options[@]}" madison rust-src | awk -v r="$release+" 'index($3, r) == 1 { print $3; exit }')
  [ -n "$version" ] || return 1
  (cd "$apt" && apt-get "${options[@]}" download "rust-src=$version") || return 1
  dpkg-deb --fsys-tarfile "$apt"/rust-src_*.deb |
    tar -x -C "$apt" --strip-components=4 --wildcards --no-wildcards-match-slash './usr/src/rustc-*/library' || return 1
  mv "$apt/library" "$work"
}

# Outside the workspace, so that none of its other crates is wanted; where the tests find their data as in it.
copy_crate() {
  rm -rf "$work/crates" "$work/tests"
  mkdir -p "$work/crates/ensemble" "$work/tests/data"
  cp -r crates/ensemble/src crates/ensemble/tests "$work/crates/ensemble"
  cp -r tests/data/tiny "$work/tests/data"
  {
    printf '[package]\nname = "hspipe-ensemble"\nedition = "2024"\n[workspace]\n[dependencies]\n'
    # The crate's dependencies, and the one of its tests, as the workspace has them.
    grep -E '^(serde|libm) = ' Cargo.toml
    printf '[dev-dependencies]\n'
    grep '^flate2 = ' Cargo.toml
  } >"$work/crates/ensemble/Cargo.toml"
  cp Cargo.lock "$work/crates/ensemble"
}

# The standard library is built too, which a stable compiler allows only under these two variables.
tests() {
  (
    cd "$work/crates/ensemble"
    export RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT="$work/library" CARGO_TARGET_DIR="$work/target"
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
    cargo test --quiet -Zbuild-std=std,panic_unwind,test --release --target "$target" "$@"
  )
}

install_tools || not_checked "apt cannot install a cross linker and qemu"
mkdir -p "$work"
fetch_library || not_checked "Debian has no sources of the standard library of Rust $release"
copy_crate
if [ "${1:-}" = --all ]; then
  tests
else
  tests --test bits the_bits_are_those_of_every_machine
fi
