#!/usr/bin/env bash
# Requests that schemathesis makes up from Attio's OpenAPI document, against the sandbox: none may end in a 5xx.
#   schemathesis.sh OPENAPI SECONDS, with `attio-ctl` and `schemathesis` on the PATH
set -euo pipefail
openapi=$(realpath "$1")
cd "$(mktemp -d)"
coproc SANDBOX { exec attio-ctl sandbox serve --no-limits --token t --activate deals,users,workspaces; }
trap 'kill "$SANDBOX_PID"; rm -rf "$PWD"' EXIT
read -r url <&"${SANDBOX[0]}"
schemathesis run "$openapi" --url "$url" --header 'Authorization: Bearer t' --checks not_a_server_error \
  --max-time "$2" --continue-on-failure --warnings off
