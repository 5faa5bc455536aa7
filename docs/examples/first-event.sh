#!/usr/bin/env bash
# The first event: says hello, and counts in no figure. Put your address and key in.
curl -sS https://tributary.example/api/v1/events \
    -H 'X-API-KEY: trb_live_…' \
    -H 'Content-Type: application/json' \
    -d '{ "action": "custom", "name": "hello", "event_id": "hello-1" }'
