#!/usr/bin/env bash
# Requests over HTTP/2 against an nginx that ends each connection after 100 of them: 0 may fail, and
# its log may hold none twice. Needs nginx and openssl; installs nothing. Run by hand:
#
#   tests/nginx/run.sh [REQUESTS [IN_FLIGHT [direct|reqwest]]]
set -euo pipefail
cd "$(dirname "$0")/../.."

requests=${1:-10000}
in_flight=${2:-100}
transport=${3:-direct}
port=18443
folder=$(mktemp -d)
nginx=''
end() {
  [ -z "$nginx" ] || kill "$nginx" 2>/dev/null || true
  rm -rf "$folder"
}
trap end EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
  -keyout "$folder/ca.key" -out "$folder/ca.pem" -subj '/CN=nginx tests' 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
  -keyout "$folder/key.pem" -out "$folder/request.pem" -subj '/CN=localhost' 2>/dev/null
openssl x509 -req -in "$folder/request.pem" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" \
  -CAcreateserial -days 2 -out "$folder/cert.pem" \
  -extfile <(printf 'subjectAltName=IP:127.0.0.1,DNS:localhost') 2>/dev/null

cat >"$folder/nginx.conf" <<CONF
daemon off;
pid $folder/pid;
error_log $folder/error.log;
worker_processes 1;
events { worker_connections 4096; }
http {
  log_format asked '\$request_method \$uri \$status';
  access_log $folder/access.log asked;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  keepalive_requests 100;
  server {
    listen 127.0.0.1:$port ssl http2;
    ssl_certificate $folder/cert.pem;
    ssl_certificate_key $folder/key.pem;
    location / { default_type text/plain; return 200 "ok"; }
  }
}
CONF

cargo build --quiet --release -p backstop-tests --bin behind_nginx
nginx -c "$folder/nginx.conf" 2>/dev/null &
nginx=$!
"${CARGO_TARGET_DIR:-target}/release/behind_nginx" \
  "https://127.0.0.1:$port" "$folder/ca.pem" "$requests" "$in_flight" "$transport" || failed=1
kill -QUIT "$nginx" && wait "$nginx" || true
nginx=''

printf 'in the log: %s requests, %s of them with 200, %s of them twice\n' \
  "$(wc -l <"$folder/access.log")" \
  "$(grep -c ' 200$' "$folder/access.log")" \
  "$(grep ' 200$' "$folder/access.log" | sort | uniq -d | wc -l)"
exit "${failed:-0}"
