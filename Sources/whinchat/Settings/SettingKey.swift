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
    case turnTime = "turn_time"
    case turnTokens = "turn_tokens"
    case maxTurns = "max_turns"
    case maxTurnsPerUser = "max_turns_per_user"
    case maxWaitingTurns = "max_waiting_turns"
    case price
    case sessionTokensPerDay = "session_tokens_per_day"
    case userTokensPerDay = "user_tokens_per_day"
    case sessionCostPerDay = "session_cost_per_day"
    case userCostPerDay = "user_cost_per_day"
    case modelWindow = "model_window"
    case exactTokens = "exact_tokens"
    case summaryModel = "summary_model"
    case embeddingModel = "embedding_model"
    case embeddingBaseURL = "embedding_base_url"
    case metrics
    case logLevel = "log_level"

    /// The config file itself: only as a flag and in the environment.
    case config

    /// Whether it may be given several times.
    var isList: Bool { self == .allowOrigin || self == .price || self == .modelWindow }

    /// `--max-tokens`
    var flag: String { "--" + rawValue.replacing("_", with: "-") }

    /// `WHINCHAT_MAX_TOKENS`
    var variable: String { SettingSource.variablePrefix + rawValue.uppercased() }
}
