import COpenSSL

/// SHA-256 (FIPS 180-4) by OpenSSL.
package enum SHA256 {
    /// 32 bytes.
    package static func digest(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let bytes = Array(bytes)
        let made = EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        // Fails only without memory or without SHA-256.
        precondition(made == 1, "SHA-256 is not available")
        return digest
    }
}
