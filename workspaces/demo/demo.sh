#!/usr/bin/env bash
# The whole story, with the commands that a person would type, on the embedded sandbox. `make demo` runs it.
set -euo pipefail
cd "$(dirname "$0")/../.."
export ATTIO_CTL_WORKSPACE=demo

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then dim=$'\033[2m' bold=$'\033[1m' plain=$'\033[0m'; else dim='' bold='' plain=''; fi
say() { printf '\n%s# %s%s\n' "$dim" "$*" "$plain"; }
run() {
  printf '%s$ attio-ctl %s%s\n' "$bold" "$*" "$plain"
  attio-ctl "$@"
}

say "A sandbox as new; it stands for your Attio workspace."
run sandbox reset

say "The files are checked offline."
run validate

say "What would change? Two standard objects are not active yet: an admin has to do that."
run plan

say "In Attio that is a switch in Workspace settings; in the sandbox it is a command."
run sandbox activate users workspaces

say "Now the plan can be carried out."
run apply --auto-approve

say "The workspace is what the files say, so there is nothing left to do."
run plan

say "A week of product events becomes people, users, companies and workspaces."
run deliver --events workspaces/demo/events.ndjson

say "The same file again: everything is accounted for and nothing is written."
run deliver --events workspaces/demo/events.ndjson

say "What arrived, and what did not and why."
run records users --limit 5 --columns user_id,primary_email_address,plan,mrr
run records people --limit 5 --columns name,email_addresses,lead_source
run dead-letters list --limit 5
