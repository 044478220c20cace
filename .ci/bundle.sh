#!/usr/bin/env bash
# The extension for this platform and this version of Python with everything that the server and its model need, so that
# it installs without network and compiler: vscode-extension/hpc-ls-PLATFORM.vsix. HPC_LS_LLAMA_WHEEL names a wheel of
# llama-cpp-python that is there already. Then the result is installed and used in a clean room.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
pip=("$python" -m pip --disable-pip-version-check)
llama=.venv/llama
server=vscode-extension/server

# Not tuned to this processor: one library for each kind, of which the fitting one is loaded. Not from pip's cache, which
# does not know with which flags a wheel was made.
portable="-DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON -DGGML_OPENMP=OFF -DLLAVA_BUILD=OFF"
portable+=" -DCMAKE_INSTALL_BINDIR=llama_cpp/lib -DCMAKE_INSTALL_LIBDIR=llama_cpp/lib"
mkdir -p "$llama"
if [ -n "${HPC_LS_LLAMA_WHEEL:-}" ]; then
    cp "$HPC_LS_LLAMA_WHEEL" "$llama/"
elif ! ls "$llama"/llama_cpp_python-*.whl >/dev/null 2>&1; then
    echo "bundle: compiling llama.cpp for all processors of this kind: about twenty minutes on two cores, once"
    CMAKE_ARGS=$portable "${pip[@]}" wheel --quiet --no-cache-dir --no-deps --wheel-dir "$llama" 'llama-cpp-python>=0.3.36,<0.4'
fi

rm -rf "$server" build/lib build/bdist.*
mkdir "$server"
"${pip[@]}" wheel --quiet --find-links "$llama" --wheel-dir "$server" '.[model]'
for wheel in "$llama"/*.whl; do cp "$wheel" "$server/"; done

platform=$("$python" -c 'import platform, sys; print({"linux": "linux", "darwin": "darwin", "win32": "win32"}[sys.platform] + "-" + {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine().lower()])')
out=hpc-ls-$platform.vsix
(cd vscode-extension && npm run --silent build && npx vsce package --no-dependencies --allow-missing-repository --target "$platform" --out "$out" >/dev/null)
"$python" -m tests.bundle "vscode-extension/$out"
echo "bundle: vscode-extension/$out, $(du -h "vscode-extension/$out" | cut -f1)"
