import ArgumentParser

/// `whinchat serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the chat: the page, and the WebSocket behind it.",
        discussion: """
            Each setting comes from its flag, else from the environment, else from the config file, else it has its default. \
            In the environment it is called WHINCHAT_ and the flag's name (WHINCHAT_MAX_TOKENS), in the file as the flag \
            with _ (max_tokens). Keys are never settings: ANTHROPIC_API_KEY, OPENAI_API_KEY and EMBEDDING_API_KEY in the environment.
            """)

    @Option(
        help: ArgumentHelp("Name or address to listen on (default: 127.0.0.1, this machine alone).", valueName: "host"))
    var host: String?

    @Option(help: ArgumentHelp("Port to listen on, 0 to 65535, 0 for any free one (default: 8080).", valueName: "port"))
    var port: String?

    @Option(help: ArgumentHelp("Folder that the server keeps its data in (default: ./data).", valueName: "folder"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Where the models are: demo, anthropic or openai, which is any server that speaks OpenAI's protocol "
                + "(default: by the key in the environment, else a local Ollama, else demo).", valueName: "provider"))
    var provider: String?

    @Option(
        help: ArgumentHelp(
            "Address of the provider's API (default: ANTHROPIC_BASE_URL or OPENAI_BASE_URL, else the provider's own).",
            valueName: "url"))
    var baseURL: String?

    @Option(help: ArgumentHelp("Model to ask for (default: the provider's usual one).", valueName: "name"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Longest reply, in tokens, 1 to 1000000 (default: the provider's own limit).", valueName: "tokens"))
    var maxTokens: String?

    @Option(
        help: ArgumentHelp(
            "System prompt of new sessions, at most 32000 characters (default: none).", valueName: "text"))
    var system: String?

    @Option(
        help: ArgumentHelp(
            "Another origin whose pages may connect, such as https://chat.example; its host may be named in Host. May be "
                + "repeated; in the environment a list with commas (default: none, the server's own pages).",
            valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(
        help: ArgumentHelp(
            "Tools that the model may call: all, none, or names with commas of calculate, current_time, get_weather, "
                + "query_database, send_email, which asks a person first (default: all).",
            valueName: "names"))
    var tools: String?

    @Option(
        help: ArgumentHelp(
            "How often a call that failed before its first word is made again, 0 to 10 (default: 3).",
            valueName: "times"))
    var maxRetries: String?

    @Option(
        help: ArgumentHelp(
            "Model of the same provider that is asked when the retries are used up (default: none).", valueName: "name")
    )
    var fallbackModel: String?

    @Option(
        help: ArgumentHelp(
            "How long the provider may send nothing at all, 1 to 3600 s (default: 60).", valueName: "seconds"))
    var stallTimeout: String?

    @Option(
        help: ArgumentHelp(
            "How long replies may go on when the server is told to end, 0 to 3600 s; then they are interrupted (default: 30).",
            valueName: "seconds"))
    var drainTimeout: String?

    @Option(
        help: ArgumentHelp(
            "How long a session with nothing to do keeps its history in memory, 1 to 86400 s (default: 60).",
            valueName: "seconds"))
    var idleAfter: String?

    @Option(
        help: ArgumentHelp(
            "How long a reply may go on that nobody follows, 1 to 86400 s (default: 600).", valueName: "seconds"))
    var unattendedTime: String?

    @Option(
        help: ArgumentHelp(
            "How long a reply that nobody follows may get, in tokens, estimated, 1 to 1000000 (default: 32000).",
            valueName: "tokens"))
    var unattendedTokens: String?

    @Option(
        help: ArgumentHelp(
            "How long a turn may take, 1 to 86400 s; waiting for a place or a person is not counted (default: 900).",
            valueName: "seconds"))
    var turnTime: String?

    @Option(
        help: ArgumentHelp(
            "How much a turn may say in all its rounds, in tokens, estimated, 1 to 1000000 (default: 200000).",
            valueName: "tokens"))
    var turnTokens: String?

    @Option(
        help: ArgumentHelp(
            "How many turns run at once, 1 to 10000; the others wait (default: 1000).", valueName: "turns"))
    var maxTurns: String?

    @Option(
        help: ArgumentHelp(
            "How many turns of one user run at once, 1 to 10000 (default: 4; for programs on this machine, which are one "
                + "user, no bound of their own).", valueName: "turns"))
    var maxTurnsPerUser: String?

    @Option(
        help: ArgumentHelp(
            "How many turns may wait to run, 0 to 100000; more are refused (default: 10000).", valueName: "turns"))
    var maxWaitingTurns: String?

    @Option(
        help: ArgumentHelp(
            "Price of a model's tokens: MODEL=IN/OUT or MODEL=IN/OUT/CACHE_READ/CACHE_WRITE, in US dollars for a million. May "
                + "be repeated; in the environment a list with commas (default: none is known).", valueName: "price"))
    var price: [String] = []

    @Option(
        help: ArgumentHelp(
            "Tokens of prompts and replies that a session may use on one day, in UTC, 0 for any (default: 0).",
            valueName: "tokens"))
    var sessionTokensPerDay: String?

    @Option(help: ArgumentHelp("The same of a user, all sessions together (default: 0).", valueName: "tokens"))
    var userTokensPerDay: String?

    @Option(
        help: ArgumentHelp(
            "US dollars that a session may cost on one day, at the prices given, 0 for any (default: 0).",
            valueName: "dollars"))
    var sessionCostPerDay: String?

    @Option(help: ArgumentHelp("The same of a user, all sessions together (default: 0).", valueName: "dollars"))
    var userCostPerDay: String?

    @Option(
        help: ArgumentHelp(
            "Tokens that a model reads and writes, as MODEL=TOKENS, 256 to 10000000. May be repeated; in the environment a list "
                + "with commas (default: what is known of Anthropic's and OpenAI's models).", valueName: "model=tokens")
    )
    var modelWindow: [String] = []

    @Flag(
        help: ArgumentHelp(
            "Ask the provider before each turn how many tokens its prompt has, where it can say (Anthropic); else they are estimated."
        ))
    var exactTokens = false

    @Option(
        help: ArgumentHelp(
            """
            Model of the same provider that writes the summaries of the policy summarise, and titles of sessions (default: \
            the session's writes summaries, and titles are the first words).
            """,
            valueName: "name"))
    var summaryModel: String?

    @Option(
        help: ArgumentHelp(
            "Model that finds older messages by their meaning for the policy retrieve (default: none, by words only).",
            valueName: "name"))
    var embeddingModel: String?

    @Option(
        help: ArgumentHelp(
            "Address of the API with /embeddings, in OpenAI's protocol; its key is in EMBEDDING_API_KEY (default: that of the "
                + "provider openai).", valueName: "url"))
    var embeddingBaseURL: String?

    @Option(
        help: ArgumentHelp(
            "Who may read /metrics: loopback, programs of this machine, and nothing with a header of a proxy; on, everybody; off, nobody "
                + "(default: loopback).", valueName: "access"))
    var metrics: String?

    @Option(help: ArgumentHelp("JSON file with settings (default: none).", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Least level that is logged, to standard error: trace, debug, info, notice, warning, error or critical "
                + "(default: info).", valueName: "level"))
    var logLevel: String?

    func run() async throws { try await run(ownTools: []) }

    /// What was given, by setting.
    var flags: [SettingKey: [String]] {
        let single: [(SettingKey, String?)] = [
            (.host, host), (.port, port), (.data, data), (.provider, provider), (.baseURL, baseURL), (.model, model),
            (.maxTokens, maxTokens), (.system, system), (.config, config), (.metrics, metrics), (.logLevel, logLevel),
            (.tools, tools), (.maxRetries, maxRetries), (.fallbackModel, fallbackModel), (.stallTimeout, stallTimeout),
            (.drainTimeout, drainTimeout), (.idleAfter, idleAfter), (.unattendedTime, unattendedTime),
            (.unattendedTokens, unattendedTokens), (.turnTime, turnTime), (.turnTokens, turnTokens),
            (.maxTurns, maxTurns), (.maxTurnsPerUser, maxTurnsPerUser), (.maxWaitingTurns, maxWaitingTurns),
            (.sessionTokensPerDay, sessionTokensPerDay), (.userTokensPerDay, userTokensPerDay),
            (.sessionCostPerDay, sessionCostPerDay), (.userCostPerDay, userCostPerDay),
            (.summaryModel, summaryModel), (.embeddingModel, embeddingModel), (.embeddingBaseURL, embeddingBaseURL),
            (.exactTokens, exactTokens ? "true" : nil),
        ]
        var flags: [SettingKey: [String]] = [.allowOrigin: allowOrigin, .price: price, .modelWindow: modelWindow]
        for case (let key, let value?) in single { flags[key] = [value] }
        return flags
    }
}
