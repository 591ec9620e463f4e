#!/usr/bin/env bash
# Sends a webhook as its sender does, signed by WEBHOOK_SECRET: send.sh URL BODY
set -euo pipefail
signature=$(printf %s "$2" | openssl dgst -sha256 -hmac "$WEBHOOK_SECRET" -r | cut -d' ' -f1)
curl -sS -H "Content-Type: application/json" -H "X-Signature: sha256=$signature" --data-binary "$2" "$1"
