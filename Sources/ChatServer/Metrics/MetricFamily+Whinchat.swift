package import Prometheus

extension MetricFamily {
    /// All that this server counts. docs/operations.md says the same at length.
    package static let whinchat: [MetricFamily] = [
        MetricFamily("whinchat_build_info", .gauge, help: "Always 1; what is running."),

        MetricFamily("whinchat_websocket_connections", .gauge, help: "Open chat WebSockets."),
        MetricFamily(
            "whinchat_websocket_connections_opened_total", .counter, help: "Chat WebSockets that were opened."),
        MetricFamily(
            "whinchat_websocket_connections_closed_total", .counter,
            help: "Chat WebSockets that have closed, by close code and who closed."),
        MetricFamily("whinchat_http_streams", .gauge, help: "HTTP responses that stream, poll or wait for a reply."),
        MetricFamily(
            "whinchat_http_requests_total", .counter, help: "HTTP requests answered, by route, method and status."),
        MetricFamily(
            "whinchat_relayed_frames_total", .counter,
            help: "Frames given to connections, to each its own; deltas that waited are merged."),
        MetricFamily("whinchat_relayed_bytes_total", .counter, help: "Bytes of those frames."),

        MetricFamily("whinchat_sessions", .gauge, help: "Sessions in memory, with their history or resting without."),
        MetricFamily(
            "whinchat_sessions_owing", .gauge, help: "Sessions with something that could not be saved yet."),

        MetricFamily("whinchat_turns", .gauge, help: "Turns that have not ended, by state."),
        MetricFamily("whinchat_turns_ended_total", .counter, help: "Turns that have ended, by status."),
        MetricFamily("whinchat_turn_errors_total", .counter, help: "Turns that ended with an error, by its code."),
        MetricFamily(
            "whinchat_turn_duration_seconds",
            .histogram(bounds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 900]),
            help: "From a turn's start to its end, waiting for people included."),
        MetricFamily(
            "whinchat_time_to_first_token_seconds",
            .histogram(bounds: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60]),
            help: "From a turn's start to the first block of its reply."),
        MetricFamily("whinchat_reply_bytes_total", .counter, help: "Bytes of replies, as models said them."),
        MetricFamily("whinchat_tokens_total", .counter, help: "Tokens used, by model and kind."),
        MetricFamily("whinchat_tool_calls_total", .counter, help: "Tool calls that have ended, by tool and outcome."),

        MetricFamily(
            "whinchat_provider_calls_total", .counter, help: "Calls to the provider, those made again included."),
        MetricFamily("whinchat_provider_errors_total", .counter, help: "Calls that failed, by code."),
        MetricFamily(
            "whinchat_provider_retries_total", .counter, help: "Calls made again after a failure, by a fallback too."),

        MetricFamily(
            "whinchat_commit_duration_seconds",
            .histogram(
                bounds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]),
            help: "From when a session asked for a commit to when it was on disk, or failed."),
        MetricFamily(
            "whinchat_commit_group_size", .histogram(bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]),
            help: "Commits in one transaction."),
        MetricFamily("whinchat_commits_failed_total", .counter, help: "Commits that could not be saved."),

        MetricFamily("process_cpu_seconds_total", .counter, help: "CPU time, user and system."),
        MetricFamily("process_resident_memory_bytes", .gauge, help: "Resident memory."),
        MetricFamily("process_virtual_memory_bytes", .gauge, help: "Virtual memory."),
        MetricFamily("process_threads", .gauge, help: "Threads."),
        MetricFamily("process_start_time_seconds", .gauge, help: "When the process started, since 1970."),
        MetricFamily("process_open_fds", .gauge, help: "Open file descriptors."),
        MetricFamily("process_max_fds", .gauge, help: "The most there may be."),
    ]
}
