#!/usr/bin/env bash
# Builds the image, brings the whole composition up with two workers, submits a job through it and checks that both share it.
# Needs a Docker engine with compose v2 and a virtual environment with the client (`make demo` or `make test` makes one).
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
secret() { "$python" -c 'import secrets; print(secrets.token_urlsafe(24))'; }
export COMPOSE_PROJECT_NAME="lpl-test-$$" POSTGRES_PASSWORD REDIS_PASSWORD LPL_ADMIN_KEY LPL_PUBLISH LPL_API_KEY LPL_URL
# With characters that addresses would have to escape.
POSTGRES_PASSWORD="p@/:?#%41$(secret)" REDIS_PASSWORD="r@/:?#%41$(secret)" LPL_ADMIN_KEY=$(secret) LPL_API_KEY=$LPL_ADMIN_KEY
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
LPL_PUBLISH=127.0.0.1:$port LPL_URL=http://127.0.0.1:$port
export LPL_DATASETS COMPOSE_FILE=docker-compose.yml:docker-compose.data.yml LPL_DATA_WORKERS=1
LPL_DATASETS=$(mktemp -d)
chmod 755 "$LPL_DATASETS"
"$python" -m tests.compose.photographs "$LPL_DATASETS"
finish() {
  status=$?
  rm -rf "$LPL_DATASETS"
  [ $status = 0 ] || docker compose logs --no-color --tail 80
  docker compose down --volumes --timeout 30 >/dev/null 2>&1 || true
  exit $status
}
trap finish EXIT
docker compose config --quiet
docker compose build
docker compose up --detach --wait --scale worker=2
docker compose exec -T api sh -c 'test "$(id -u)" != 0'
"$python" -m tests.compose.check
docker image inspect lpl-service --format 'image size: {{.Size}} bytes'
echo "compose: 1 passed"
