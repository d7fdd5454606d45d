# Sourced after interop.sh by the scripts that need certificates.

# authority NAME…: certificates that sign others, in $work/NAME.pem, with their keys in $work/NAME.key.
authority() {
  local who
  for who in "$@"; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$who.key" -out "$work/$who.pem" \
      -subj "/CN=$who" -days 2 2>/dev/null
  done
}

# issue NAME SUBJECT_ALT_NAME [ISSUER]: $work/NAME.pem and $work/NAME.key, by `authority` unless another is named.
issue() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$1.key" -out "$work/$1.csr" \
    -subj "/CN=$1" 2>/dev/null
  openssl x509 -req -in "$work/$1.csr" -CA "$work/${3:-authority}.pem" -CAkey "$work/${3:-authority}.key" -days 2 \
    -extfile <(echo "subjectAltName=$2") -out "$work/$1.pem" 2>/dev/null
}
