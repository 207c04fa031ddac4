# Gives root the password of now, and makes the database that clients are told of. Milvus changes a password only for
# whoever has the old one: it lies beside the data that it opens.
remembered=/var/lib/milvus/root-password
now=$(cat "$MILVUS_ROOT_PASSWORD_FILE")

# Password, verb, body in which quotes are escaped. On a command line everybody would read them.
ask() {
  printf 'header = "Authorization: Bearer root:%s"\nheader = "Content-Type: application/json"\ndata = "%s"\n' \
    "$1" "$3" | curl -sS -m 30 -K - "http://127.0.0.1:19530/v2/vectordb/$2"
}
opens() { ask "$1" databases/list '{}' | grep -q '"code":0'; }

if ! opens "$now"; then
  old=$(cat "$remembered") || exit 1
  ask "$old" users/update_password \
    "{\\\"userName\\\":\\\"root\\\",\\\"password\\\":\\\"$old\\\",\\\"newPassword\\\":\\\"$now\\\"}" >/dev/null
  opens "$now" || {
    echo 'Milvus takes neither the password of now nor the one that it had'
    exit 1
  }
fi
umask 077
printf %s "$now" >"$remembered.partial" && mv "$remembered.partial" "$remembered" || exit 1
# It refuses to make one that is there.
ask "$now" databases/create '{\"dbName\":\"{{tenant.slug}}\"}' | grep -q '"code":0' ||
  ask "$now" databases/list '{}' | grep -q '"{{tenant.slug}}"'
