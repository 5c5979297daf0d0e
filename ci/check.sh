#!/usr/bin/env bash
# Reviews or proves a change in CI. It writes nothing but a SARIF file, a summary and its exit code.
#
# What runs is decided by these variables, never by the checkout:
#   CODITECT_RUN        review, security, prove, or another built-in team (default: review)
#   CODITECT_BASE       revision that the change began at; its merge base with HEAD is compared
#   CODITECT_WORKSPACE  folder of the checkout (default: the current one)
#   CODITECT_PROVIDER   claude, gemini, ollama, huggingface (default: the one whose key is set)
#   CODITECT_MODEL      the provider's model
#   CODITECT_ENDPOINT   the provider's address in place of its own
#   CODITECT_MAX_COST   dollars that the run may cost (default: 2)
#   CODITECT_TRUSTED    true: use the checkout's .coditect folder (default: false)
#   CODITECT_SARIF      file for the findings (default: coditect.sarif)
#   CODITECT_SUMMARY    file for the text of a comment, in Markdown (default: coditect.md)
#   CODITECT_PROGRAM    the command line to call (default: this repository's dist/cli.js)
#
# Exit codes are those of coditect: 0 all gates held, 1 a gate failed, 2 wrong usage, 3 a provider or
# infrastructure failed, 4 a limit was hit.
set -u
# Lines of output can be commands to GitHub's runner, and a change decides some of these lines.
if [ "${GITHUB_ACTIONS:-}" = true ]; then
  secret=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  echo "::stop-commands::$secret"
  trap 'echo "::$secret::"' EXIT
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=${CODITECT_PROGRAM:-$here/../dist/cli.js}
workspace=${CODITECT_WORKSPACE:-.}
run=${CODITECT_RUN:-review}
sarif=${CODITECT_SARIF:-coditect.sarif}
summary=${CODITECT_SUMMARY:-coditect.md}

if [ -z "${CODITECT_BASE:-}" ]; then
  echo "CODITECT_BASE is not set: this is not a pull request, or its base is unknown." >&2
  exit 2
fi
# Full history is needed: a shallow checkout has no merge base.
if ! base=$(git -C "$workspace" merge-base "$CODITECT_BASE" HEAD); then
  echo "HEAD and $CODITECT_BASE have no common commit here. Fetch the full history (fetch-depth: 0)." >&2
  exit 2
fi

args=(--workspace "$workspace" --output "sarif=$sarif")
if [ "$run" = prove ]; then
  # No model is asked, so no key is needed: what a change runs cannot find one.
  unset ANTHROPIC_API_KEY GEMINI_API_KEY GOOGLE_API_KEY HF_TOKEN OLLAMA_API_KEY CODITECT_PASSPHRASE
  args=(prove --base "$base" "${args[@]}")
else
  args=(run "$run" --diff "$base" --max-cost "${CODITECT_MAX_COST:-2}" "${args[@]}")
  [ "${CODITECT_TRUSTED:-false}" = true ] && args+=(--no-untrusted) || args+=(--untrusted)
  [ -n "${CODITECT_PROVIDER:-}" ] && args+=(--provider "$CODITECT_PROVIDER")
  [ -n "${CODITECT_MODEL:-}" ] && args+=(--model "$CODITECT_MODEL")
  [ -n "${CODITECT_ENDPOINT:-}" ] && args+=(--endpoint "$CODITECT_ENDPOINT")
fi

rm -f "$sarif" "$summary"
output=$(node "$program" "${args[@]}")
code=$?
# Nothing found is not the same as nothing judged: such a file would close every finding of before.
case $code in 0 | 1 | 4) ;; *) rm -f "$sarif" ;; esac

# What a change brings must not end the block early or become a mention.
fence() { printf '%s\n' '~~~~~~~~text'; sed -E 's/^( {0,3})~{3,}/\1~~~/' ; printf '%s\n' '~~~~~~~~'; }
{
  printf '### CODITECT: %s since %s\n\n' "$run" "${base:0:12}"
  case $code in
    0) echo 'Result: **passed**' ;;
    1) echo 'Result: **a gate failed**' ;;
    4) echo 'Result: **a limit was reached**' ;;
    *) echo "Result: **not judged** (exit code $code)" ;;
  esac
  echo
  printf '%s\n' "$output" | fence
} > "$summary"

if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then cat "$summary" >> "$GITHUB_STEP_SUMMARY"; fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  {
    echo "exit-code=$code"
    echo "summary=$summary"
    if [ -f "$sarif" ]; then echo "sarif=$sarif"; fi
  } >> "$GITHUB_OUTPUT"
fi
printf '%s\n' "$output"
exit "$code"
