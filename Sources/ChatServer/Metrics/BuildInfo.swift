/// What is running.
enum BuildInfo {
    /// As in CHANGELOG.md.
    static let version = "0.1.0-dev"

    static var labels: [(String, String)] { [("version", version), ("configuration", configuration)] }

    private static var configuration: String {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }
}
