// What Whinchat uses of libcrypto: EVP digests (the WebSocket handshake's SHA-1), HMAC (cookies), RAND.
// Only headers: everything we call is a plain function that Swift imports as it is.
#ifndef WHINCHAT_COPENSSL_SHIM_H
#define WHINCHAT_COPENSSL_SHIM_H

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#endif
