#!/bin/sh
set -eu
# Arguments are a sub-command of n8n ("worker", "export:workflow ..."); none means "start".
exec n8n "$@"
