#!/usr/bin/env bash
# Makes the passwords that compose.yaml hands over as files, once: what is there stays. Needs openssl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Only the folder's owner gets in. The files inside are readable, as a container's user is another one than yours.
mkdir -p secrets
chmod 700 secrets
umask 022
if [[ ! -e secrets/mysql-password ]]; then
    password=$(openssl rand -hex 24)
    printf '%s\n' "$password" >secrets/mysql-password
    printf 'mysql://tributary:%s@mysql/tributary?ssl-mode=REQUIRED\n' "$password" >secrets/database-url
fi
if [[ ! -e secrets/admin-password ]]; then openssl rand -base64 18 >secrets/admin-password; fi
echo "the secrets are in $PWD/secrets; the first login's password is in admin-password"
