/// A setting of `whinchat serve`, under the name that it has in a config file.
enum SettingKey: String, CaseIterable {
    case host
    case port
    case data
    case provider
    case baseURL = "base_url"
    case model
    case maxTokens = "max_tokens"
    case system
    case allowOrigin = "allow_origin"
    case tools
    case maxRetries = "max_retries"
    case fallbackModel = "fallback_model"
    case stallTimeout = "stall_timeout"
    case drainTimeout = "drain_timeout"
    case idleAfter = "idle_after"
    case unattendedTime = "unattended_time"
    case unattendedTokens = "unattended_tokens"
    case logLevel = "log_level"

    /// The config file itself: only as a flag and in the environment.
    case config

    /// `--max-tokens`
    var flag: String { "--" + rawValue.replacing("_", with: "-") }

    /// `WHINCHAT_MAX_TOKENS`
    var variable: String { SettingSource.variablePrefix + rawValue.uppercased() }
}
