#!/usr/bin/env bash
# Scans a running server of its own, with a year of demonstration inside, for what scanners know of: sqlmap over every operation of
# the API, wapiti over pages, forms and the API, as nobody and as each role, nikto over the web server. Shows what each of them
# reports; whether it is so is for the reader to say.
#
# BINARY: a server with the site inside (target/release/tributary). SCANS: which of sqlmap, wapiti, nikto. ROLES: as whom (nobody
# admin advertiser influencer, and for sqlmap key: a shop's). TARGETS: which operations, for sqlmap ("list*"). MINUTES: of each
# scanner for each role, at most (20). OUT: a folder for all that they print. Tools come from PyPI into the cache folder; wapiti
# needs Python 3.12 (PYTHON312). nikto is in Debian's non-free part: unpack it into the cache folder, and have libwhisker2-perl.
# shellcheck disable=SC2317  # functions are called by names that are put together
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
port=${TRIBUTARY_PORT:-3430}
base=http://127.0.0.1:$port
binary=${BINARY:-target/release/tributary}
out=${OUT:-$(mktemp -d "${TMPDIR:-/tmp}/tributary-scan.XXXXXX")}
mkdir -p "$out"
limit=$((60 * ${MINUTES:-20}))
sqlmap_version=1.10.10
wapiti_version=3.3.2
nikto_version=2.1.5

# from_pypi NAME VERSION PYTHON: into the cache folder.
from_pypi() {
    local tool=$CACHE/$1-$2
    if [[ ! -x $tool/bin/pip ]]; then "$3" -m venv "$tool"; fi
    "$tool/bin/pip" install --quiet "$1==$2"
}
wants() { [[ " ${SCANS:-sqlmap wapiti nikto} " == *" $1 "* ]]; }
if wants sqlmap; then from_pypi sqlmap "$sqlmap_version" python3; fi
if wants wapiti; then from_pypi wapiti3 "$wapiti_version" "${PYTHON312:-python3.12}"; fi
nikto=$CACHE/nikto-$nikto_version
if wants nikto && [[ ! -d $nikto ]]; then die "unpack Debian's nikto $nikto_version into $nikto (dpkg-deb -x)"; fi

data=$(mktemp -d "${TMPDIR:-/tmp}/tributary-scanned.XXXXXX")
server=
trap 'if [[ -n $server ]]; then end "$server"; fi; rm -rf "$data"' EXIT
say "a year of demonstration"
"$binary" demo --clicks 20000 --data-dir "$data/server" --public-url "$base" >"$data/logins" 2>"$out/demo.log"
"$binary" serve --addr "127.0.0.1:$port" --data-dir "$data/server" --public-url "$base" --log warn --requests-per-minute 0 \
    --failed-logins-per-account 0 --failed-logins-per-address 0 --max-connections-per-address 0 >"$out/server.log" 2>&1 &
server=$!
for ((try = 0; try < 300; try++)); do
    if curl -fs "$base/readyz" >/dev/null; then break; fi
    sleep 0.1
done
# make_key: an API key of the first advertiser.
make_key() {
    python3 - "$base/api/v1/advertisers" "${sessions[admin]}" <<'END'
import json, sys, urllib.request
def asked(url, body=None):
    headers = {"Authorization": f"Bearer {sys.argv[2]}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
        return json.load(answer)
advertiser = asked(sys.argv[1])["items"][0]["id"]
print(asked(f"{sys.argv[1]}/{advertiser}/api-keys", b'{"name":"Scan"}')["key"])
END
}
# log_in NAME: a session of somebody of the demonstration.
log_in() {
    local password
    password=$(awk -v who="$1@demo.example" '$2 == who { print $3 }' "$data/logins")
    curl -fsS -H 'Content-Type: application/json' -d "{\"email\":\"$1@demo.example\",\"password\":\"$password\"}" \
        "$base/api/v1/auth/login" | python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])'
}
declare -A sessions=([admin]=$(log_in admin) [advertiser]=$(log_in fjord) [influencer]=$(log_in mina))
# What says who it is: to the API, and on pages.
declare -A headers=([nobody]='X-Nobody: 1' [key]="X-API-KEY: $(make_key)")
for role in admin advertiser influencer; do headers[$role]="Authorization: Bearer ${sessions[$role]}"; done
python3 scripts/scan_targets.py "$base" "${sessions[admin]}" "${sessions[influencer]}" "$data/targets"

# Each parameter, path, field and header of each operation. What is left of the minutes is for the next operation.
scan_sqlmap() {
    local role=$1 end=$((SECONDS + limit)) target
    for target in "$data/targets"/${TARGETS:-*}; do
        if ((SECONDS >= end)); then
            say "sqlmap as $role: no time is left for ${target##*/} and what comes after it"
            break
        fi
        echo "=== ${target##*/}"
        timeout $((end - SECONDS)) "$CACHE/sqlmap-$sqlmap_version/bin/sqlmap" -r "$target" -H "${headers[$role]}" --batch --level "${LEVEL:-2}" \
            --risk "${RISK:-2}" --dbms SQLite --ignore-code '*' --ignore-redirects --timeout 20 --retries 1 --flush-session --disable-coloring \
            --output-dir "$data/sqlmap" </dev/null || true
    done
}
# Without the modules that ask hosts on the internet, or need their lists.
scan_wapiti() {
    local role=$1 as=()
    if [[ -n ${sessions[$role]:-} ]]; then as=(-H "Cookie: trb_session=${sessions[$role]}" -H "Origin: $base"); fi
    timeout $((limit + 60)) "$CACHE/wapiti3-$wapiti_version/bin/wapiti" -u "$base/" --swagger "$base/api/v1/openapi.json" "${as[@]}" \
        --module backup,buster,cookieflags,crlf,csrf,exec,file,htaccess,ldap,methods,permanentxss,redirect,shellshock,sql,timesql,upload,xss \
        --exclude "$base/api/v1/auth/logout" --max-links-per-page 50 --max-scan-time $((limit / 4)) \
        --max-attack-time $((limit / 16)) --flush-session --no-bugreport --format txt --output "$out/wapiti-$role.report" --verbose 1 \
        --store-session "$data" --store-config "$data" </dev/null
}
scan_nikto() {
    sed -e "s|=/var/lib/nikto|=$nikto/var/lib/nikto|; s|^NIKTODTD=|NIKTODTD=$nikto|; s|^UPDATES=yes|UPDATES=no|" \
        "$nikto/etc/nikto/config.txt" >"$data/nikto.conf"
    timeout "$limit" perl "$nikto/usr/bin/nikto" -config "$data/nikto.conf" -host 127.0.0.1 -port "$port" -nointeractive -nolookup \
        -ask no -Display V </dev/null
}

for role in ${ROLES:-nobody admin advertiser influencer}; do
    for scanner in ${SCANS:-sqlmap wapiti nikto}; do
        # nikto knows web servers, not sessions; wapiti has no use for a shop's key.
        if [[ ($scanner == nikto && $role != nobody) || ($scanner == wapiti && $role == key) ]]; then continue; fi
        say "$scanner as $role"
        "scan_$scanner" "$role" >"$out/$scanner-$role" 2>&1 || true
    done
done
curl -fsS "$base/metrics" >"$out/metrics"
say "requests: $(awk '/^tributary_http_requests_total/ { all += $2 } END { print all }' "$out/metrics"), server errors:" \
    "$(awk '/^tributary_http_requests_total.*status="5xx"/ { all += $2 } END { print all + 0 }' "$out/metrics")"
# sqlmap says "appears to be … injectable" of what it then looks at again: only what is left of that counts.
found=$(cat "$out"/sqlmap-* 2>/dev/null | grep -acE 'identified the following injection point|is vulnerable' || true)
tested=$(cat "$out"/sqlmap-* 2>/dev/null | grep -ac 'does not seem to be injectable' || true)
say "sqlmap: $tested parameters are not injectable, $found are"
cat "$out"/nikto-* 2>/dev/null | grep -a '^+ ' | sort | uniq -c || true
cat "$out"/wapiti-*.report 2>/dev/null | grep -aA40 'Summary of vulnerabilities' | grep -vE ' : +0$' || true
say "all that was printed is in $out"
