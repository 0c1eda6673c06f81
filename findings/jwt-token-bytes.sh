#!/usr/bin/env bash
# Five JWT libraries make three different tokens of the same claims and secret; a server that compares text takes one
#
# Package:  PyJWT 2.15.1, python-jose 3.5.0, authlib 1.9.6, joserfc 1.8.0, jwcrypto 1.6.1
# Guess:    the same claims, secret and algorithm (HS256) give the same token in every library, since nothing in it is
#           random; authlib's own advice to move from `authlib.jose` to joserfc changes no token.
# Found:    joserfc writes the header's fields in another order, jwcrypto leaves out `typ`. All five tokens are valid
#           (PyJWT accepts each), but the signature covers the header's bytes, so they differ from there on.
# Matters:  tt-inference-server makes one token from JWT_SECRET at its start and gives it to vLLM as the API key, which
#           is compared as text and never verified. A client whose token is valid, made from the right secret, gets 401,
#           and moving from authlib to joserfc is enough to bring that about.
# Do:       take the bytes that the server makes (PyJWT's) as the format: header {"alg":"HS256","typ":"JWT"}, no spaces,
#           claims in the server's order, no `iat`. Keep one token as a test vector.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="$work/venv/bin/python"
timeout 300 "$python" -m pip install --quiet --no-compile --disable-pip-version-check pyjwt==2.15.1 python-jose==3.5.0 \
  authlib==1.9.6 joserfc==1.8.0 jwcrypto==1.6.1 >"$work/pip.log" 2>&1 || { cat "$work/pip.log"; exit 2; }

cat >"$work/probe.py" <<'PY'
import base64

import authlib.jose
import jose.jwt
import joserfc.jwk
import joserfc.jwt
import jwcrypto.jwk
import jwcrypto.jwt
import jwt

CLAIMS = {"team_id": "tenstorrent", "token_id": "debug-test"}
SECRET = "only-an-example-of-32-or-more-bytes"


def with_jwcrypto():
    key = base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("=")
    token = jwcrypto.jwt.JWT(header={"alg": "HS256"}, claims=CLAIMS)
    token.make_signed_token(jwcrypto.jwk.JWK(kty="oct", k=key))
    return token.serialize()


tokens = {
    "PyJWT": jwt.encode(CLAIMS, SECRET, algorithm="HS256"),
    "python-jose": jose.jwt.encode(CLAIMS, SECRET, algorithm="HS256"),
    "authlib": authlib.jose.jwt.encode({"alg": "HS256"}, CLAIMS, SECRET).decode(),
    "joserfc": joserfc.jwt.encode({"alg": "HS256"}, CLAIMS, joserfc.jwk.OctKey.import_key(SECRET)),
    "jwcrypto": with_jwcrypto(),
}
for library, token in tokens.items():
    header = base64.urlsafe_b64decode(token.split(".")[0] + "==").decode()
    valid = jwt.decode(token, SECRET, algorithms=["HS256"]) == CLAIMS
    print(f"{library}: {header}, valid {valid}, as PyJWT's {token == tokens['PyJWT']}")
PY
seen=$(timeout 60 "$python" "$work/probe.py" 2>"$work/err") || { cat "$work/err"; exit 2; }
wanted='PyJWT: {"alg":"HS256","typ":"JWT"}, valid True, as PyJWT'"'"'s True
python-jose: {"alg":"HS256","typ":"JWT"}, valid True, as PyJWT'"'"'s True
authlib: {"alg":"HS256","typ":"JWT"}, valid True, as PyJWT'"'"'s True
joserfc: {"typ":"JWT","alg":"HS256"}, valid True, as PyJWT'"'"'s False
jwcrypto: {"alg":"HS256"}, valid True, as PyJWT'"'"'s False'
if [ "$seen" = "$wanted" ]; then
  echo "as found: the header of each library's token, and whether the whole token equals PyJWT's"
  echo "$seen"
else
  echo "changed: the libraries' tokens are now:"
  echo "$seen"
  exit 1
fi
