import CCurl
import Glibc

extension CurlEngine {
    package struct Configuration: Sendable {
        package enum Proxy: Hashable, Sendable {
            /// `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, as libcurl reads them.
            case environment
            /// As CURLOPT_PROXY takes it, whatever the environment says.
            case url(String)
            case none
        }

        /// A PEM file of the authorities to trust instead of the system's. Nil: what the `curl` tool would take, that is
        /// `CURL_CA_BUNDLE`, else `SSL_CERT_FILE` and `SSL_CERT_DIR`, else the system's.
        package var authoritiesFile: String?
        package var proxy: Proxy
        /// The most connections that are kept open while no transfer uses them. Default 256: turns of one chat follow each other
        /// within a minute, and each costs a descriptor and, with TLS, some 40 KiB. libcurl itself drops those idle for
        /// 118 s.
        package var idleConnectionLimit: Int
        /// The most bytes of bodies that wait for one event loop before the engine stops reading for it. Default 4 MiB: far
        /// above what a loop that keeps up leaves waiting, small against the memory of a server.
        package var undeliveredLimitBytes: Int
        /// The most bytes of header lines of one response. Default 64 KiB: providers send 1 to 4 KiB.
        package var headLimitBytes: Int

        package init(
            authoritiesFile: String? = nil, proxy: Proxy = .environment, idleConnectionLimit: Int = 256,
            undeliveredLimitBytes: Int = 4 * 1024 * 1024, headLimitBytes: Int = 64 * 1024
        ) {
            self.authoritiesFile = authoritiesFile
            self.proxy = proxy
            self.idleConnectionLimit = idleConnectionLimit
            self.undeliveredLimitBytes = undeliveredLimitBytes
            self.headLimitBytes = headLimitBytes
        }
    }
}

/// Where libcurl finds the certificate authorities.
struct AuthoritySource: Sendable {
    /// Nil: libcurl's own default.
    var file: String?
    var directory: String?

    /// The `curl` tool's order (curl(1), ENVIRONMENT). libcurl itself reads none of these.
    init(configured: String?) {
        if let configured {
            self.file = configured
        } else if let bundle = Self.environment("CURL_CA_BUNDLE") {
            self.file = bundle
        } else {
            self.file = Self.environment("SSL_CERT_FILE")
            self.directory = Self.environment("SSL_CERT_DIR")
        }
    }

    /// Whether this libcurl knows a file of authorities of its own, not only a directory.
    static let hasDefaultFile = curl_version_info(CURLVERSION_SEVENTH)?.pointee.cainfo != nil

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}
