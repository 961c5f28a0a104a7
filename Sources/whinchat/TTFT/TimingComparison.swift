/// What was measured of each way, and what that says.
struct TimingComparison {
    private(set) var timings: [TransportMeasure: [ReplyTiming]] = [:]

    mutating func add(_ timing: ReplyTiming, of transport: TransportMeasure) {
        timings[transport, default: []].append(timing)
    }

    /// A table of medians, and how much sooner a streamed reply begins.
    var text: String {
        let width = TransportMeasure.allCases.map(\.rawValue.count).max() ?? 0
        var lines = [Self.row("", "first token", "whole reply", width)]
        for transport in TransportMeasure.allCases {
            guard let first = median(of: transport, \.firstToken), let whole = median(of: transport, \.whole) else {
                continue
            }
            lines.append(Self.row(transport.rawValue, Self.milliseconds(first), Self.milliseconds(whole), width))
        }
        if let streamed = median(of: .webSocket, \.firstToken), let whole = median(of: .whole, \.firstToken),
            streamed > .zero
        {
            let factor = (whole / streamed * 10).rounded() / 10
            lines.append("")
            lines.append("Streamed over the WebSocket, a reply begins \(factor) times sooner than it comes whole.")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    func median(of transport: TransportMeasure, _ value: (ReplyTiming) -> Duration) -> Duration? {
        let sorted = (timings[transport] ?? []).map(value).sorted()
        guard !sorted.isEmpty else { return nil }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    private static func row(_ name: String, _ first: String, _ whole: String, _ width: Int) -> String {
        func padded(_ text: String) -> String { String(repeating: " ", count: max(0, 14 - text.count)) + text }
        return name + String(repeating: " ", count: width - name.count) + padded(first) + padded(whole)
    }

    private static func milliseconds(_ duration: Duration) -> String {
        let tenths = (duration / .milliseconds(1) * 10).rounded() / 10
        return "\(tenths) ms"
    }
}
