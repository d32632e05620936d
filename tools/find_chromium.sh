#!/usr/bin/env bash
# Prints the path of a Chromium that starts: $CHROMIUM, the system's, or Playwright's own. Fails where there is none.
set -euo pipefail
cd "$(dirname "$0")/.."

playwrights_own() {
  .venv/bin/python - <<'PYTHON'
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
PYTHON
}

# Ubuntu's chromium-browser may be a stub that asks for a snap, so each candidate must tell its version.
for name in ${CHROMIUM:+"$CHROMIUM"} chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable "$(playwrights_own)"; do
  if path=$(command -v "$name") && "$path" --version >/dev/null 2>&1; then
    echo "$path"
    exit
  fi
done
exit 1
