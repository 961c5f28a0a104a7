// swift-tools-version: 6.2
import PackageDescription

// Swift 6 language mode comes with the tools version. `make test` sets WHINCHAT_STRICT, so that a warning fails our own
// build but never that of a user whose compiler is newer than ours.
let strict = Context.environment["WHINCHAT_STRICT"] != nil
let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + (strict ? [.treatAllWarnings(as: .error)] : [])

extension Target.Dependency {
    static let nioCore: Self = .product(name: "NIOCore", package: "swift-nio")
    static let nioPosix: Self = .product(name: "NIOPosix", package: "swift-nio")
    static let nioHTTP1: Self = .product(name: "NIOHTTP1", package: "swift-nio")
    static let nioConcurrencyHelpers: Self = .product(name: "NIOConcurrencyHelpers", package: "swift-nio")
    static let nioSSL: Self = .product(name: "NIOSSL", package: "swift-nio-ssl")
    static let httpTypes: Self = .product(name: "HTTPTypes", package: "swift-http-types")
    static let nioHTTPTypes: Self = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
    static let nioHTTPTypesHTTP1: Self = .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
    static let hummingbird: Self = .product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore: Self = .product(name: "HummingbirdCore", package: "hummingbird")
    static let argumentParser: Self = .product(name: "ArgumentParser", package: "swift-argument-parser")
    static let configuration: Self = .product(name: "Configuration", package: "swift-configuration")
    static let logging: Self = .product(name: "Logging", package: "swift-log")
    static let coreMetrics: Self = .product(name: "CoreMetrics", package: "swift-metrics")
    static let deque: Self = .product(name: "DequeModule", package: "swift-collections")
    static let grdb: Self = .product(name: "GRDB", package: "GRDB.swift")
    static let lifecycle: Self = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals: Self = .product(name: "UnixSignals", package: "swift-service-lifecycle")
}

let package = Package(
    name: "whinchat",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "whinchat", targets: ["whinchat-cli"]),
        .library(name: "Whinchat", targets: ["Whinchat"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    // In the order in which the data flows; arrows only point up this list.
    targets: [
        // The system's OpenSSL, libcurl and SQLite.
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),

        // Values and state machines, without sockets, clocks or tasks.
        .target(name: "JSON", dependencies: [.nioCore]),
        .target(name: "WebSocket", dependencies: ["COpenSSL", .nioCore]),
        .target(name: "Conversation", dependencies: ["JSON"]),
        .target(name: "ChatProtocol", dependencies: ["JSON", "Conversation", .nioCore]),
        .target(name: "Prometheus", dependencies: [.coreMetrics, .nioConcurrencyHelpers]),

        // The way to the model and back.
        .target(name: "CurlTransport", dependencies: ["CCurl", .nioCore, .nioConcurrencyHelpers, .logging]),
        .target(
            name: "Models", dependencies: ["JSON", "Conversation", "CurlTransport", .nioCore, .logging, .coreMetrics]),
        .target(name: "Tools", dependencies: ["CSQLite", "JSON", "Conversation", "CurlTransport"]),
        .target(
            name: "Sessions",
            dependencies: [
                "JSON", "Conversation", "ChatProtocol", "Models", "Tools", .nioCore, .nioConcurrencyHelpers, .deque,
                .logging, .coreMetrics,
            ]),
        // GRDB takes the system's SQLite (libsqlite3-dev).
        .target(
            name: "SQLiteStorage",
            dependencies: [
                "JSON", "Conversation", "Sessions", .nioConcurrencyHelpers, .deque, .grdb, .logging, .coreMetrics,
            ]),

        // The way to the browser and back.
        .target(name: "WebSocketChannel", dependencies: ["WebSocket", .nioCore, .nioHTTP1, .logging]),
        .target(name: "WebClient", path: "web", resources: [.copy("index.html"), .copy("css"), .copy("js")]),
        .target(
            name: "ChatServer",
            dependencies: [
                "COpenSSL", "WebSocket", "WebSocketChannel", "ChatProtocol", "Conversation", "CurlTransport", "JSON",
                "Models", "Prometheus", "Tools", "Sessions", "WebClient",
                .hummingbird, .hummingbirdCore, .httpTypes, .nioCore, .nioPosix, .nioHTTP1, .nioHTTPTypes,
                .nioHTTPTypesHTTP1,
                .nioConcurrencyHelpers, .deque, .lifecycle, .logging, .coreMetrics,
            ]),

        // What runs: the program as a library, for applications that bring tools of their own, and as it is.
        .target(
            name: "Whinchat",
            dependencies: [
                "ChatServer", "ChatProtocol", "Conversation", "CurlTransport", "JSON", "Models", "Prometheus",
                "Sessions",
                "SQLiteStorage", "Tools", "WebClient", "WebSocket", "WebSocketChannel",
                .argumentParser, .configuration, .coreMetrics, .lifecycle, .unixSignals, .logging, .nioCore, .nioPosix,
                .nioHTTP1,
            ],
            path: "Sources/whinchat"),
        .executableTarget(name: "whinchat-cli", dependencies: ["Whinchat"], packageAccess: false),
        // docs/tools.md's example, which sees what an application of another package would.
        .executableTarget(
            name: "roll-dice", dependencies: ["Whinchat"], path: "Examples/RollDice", packageAccess: false),
        .executableTarget(
            name: "websocket-echo",
            dependencies: ["WebSocket", "WebSocketChannel", .argumentParser, .nioCore, .nioPosix, .nioHTTP1, .logging]),

        // What tests and benchmarks stand on.
        .target(
            name: "WhinchatTesting",
            dependencies: [
                "JSON", "WebSocket", .nioCore, .nioPosix, .nioHTTP1, .nioConcurrencyHelpers, .nioSSL, .deque,
            ]),
        .executableTarget(
            name: "fake-provider", dependencies: ["WhinchatTesting", "JSON", .argumentParser, .nioCore, .nioPosix]),
        .executableTarget(
            name: "store-benchmark",
            dependencies: ["Conversation", "Sessions", "SQLiteStorage", .argumentParser, .logging]),

        .testTarget(name: "JSONTests", dependencies: ["JSON", .nioCore]),
        .testTarget(name: "WebSocketTests", dependencies: ["WebSocket", .nioCore]),
        .testTarget(
            name: "WebSocketChannelTests",
            dependencies: ["WebSocket", "WebSocketChannel", .nioCore, .nioPosix, .nioHTTP1]),
        .testTarget(
            name: "ConversationTests", dependencies: ["Conversation", "JSON"], resources: [.copy("Fixtures")]),
        .testTarget(name: "ChatProtocolTests", dependencies: ["ChatProtocol", "Conversation", "JSON", .nioCore]),
        .testTarget(name: "PrometheusTests", dependencies: ["Prometheus", .coreMetrics]),
        .testTarget(
            name: "CurlTransportTests",
            dependencies: ["CurlTransport", "WhinchatTesting", .logging, .nioCore, .nioPosix]),
        .testTarget(
            name: "ModelsTests",
            dependencies: [
                "Models", "Conversation", "CurlTransport", "JSON", "WhinchatTesting", .logging, .nioCore, .nioPosix,
                .nioConcurrencyHelpers,
            ],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "ToolsTests",
            dependencies: [
                "CSQLite", "Tools", "Conversation", "CurlTransport", "JSON", "WhinchatTesting", .logging, .nioCore,
                .nioPosix,
            ]),
        .testTarget(
            name: "SessionsTests",
            dependencies: [
                "Sessions", "ChatProtocol", "Conversation", "CurlTransport", "JSON", "Models", "Tools",
                "WhinchatTesting",
                .nioCore, .nioPosix, .nioConcurrencyHelpers, .logging,
            ]),
        .testTarget(
            name: "SQLiteStorageTests",
            dependencies: [
                "SQLiteStorage", "Sessions", "Conversation", "JSON", .nioConcurrencyHelpers, .grdb, .logging,
            ]),
        .testTarget(
            name: "ChatServerTests",
            dependencies: [
                "ChatServer", "ChatProtocol", "Conversation", "JSON", "Models", "Prometheus", "Sessions", "WebClient",
                "WebSocket", "WebSocketChannel", "WhinchatTesting",
                .hummingbird, .httpTypes, .lifecycle, .logging, .nioCore, .nioPosix, .nioConcurrencyHelpers,
            ]),
        .testTarget(
            name: "WhinchatTests",
            dependencies: [
                "Whinchat", "ChatServer", "Conversation", "JSON", "Sessions", "SQLiteStorage", "WebSocket",
                "WebSocketChannel", .lifecycle, .logging, .nioCore, .nioPosix,
            ]),
    ]
)

for target in package.targets where target.type != .system && target.type != .plugin {
    target.swiftSettings = settings
}
