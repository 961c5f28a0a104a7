package import Foundation
import NIOConcurrencyHelpers
import NIOSSL

/// A self-signed certificate for `localhost` and 127.0.0.1, made by the `openssl` command when it is first needed.
package final class TestCertificate: Sendable {
    package struct Failure: Error { package let message: String }

    private static let cached = NIOLockedValueBox<TestCertificate?>(nil)

    /// PEM file of the certificate, which is its own authority.
    package let file: String
    let context: NIOSSLContext

    /// One for the whole process: making one takes some 10 ms.
    package static func shared() throws -> TestCertificate {
        try cached.withLockedValue { cached in
            if let cached { return cached }
            let made = try TestCertificate()
            cached = made
            return made
        }
    }

    /// - Parameter folder: where `certificate.pem` and `key.pem` are written; nil: a new temporary folder.
    package init(folder: URL? = nil) throws {
        let folder =
            folder
            ?? FileManager.default.temporaryDirectory.appendingPathComponent("whinchat-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let certificate = folder.appendingPathComponent("certificate.pem").path
        let key = folder.appendingPathComponent("key.pem").path
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ]
        openssl.standardError = FileHandle.nullDevice
        openssl.standardOutput = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        guard openssl.terminationStatus == 0 else {
            throw Failure(message: "openssl req ended with \(openssl.terminationStatus)")
        }
        file = certificate
        var configuration = try TLSConfiguration.makeServerConfiguration(
            certificateChain: NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(NIOSSLPrivateKey(file: key, format: .pem)))
        configuration.applicationProtocols = ["http/1.1"]
        context = try NIOSSLContext(configuration: configuration)
        try FileManager.default.removeItem(atPath: key)
    }
}
