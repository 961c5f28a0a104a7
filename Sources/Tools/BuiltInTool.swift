package import CurlTransport
package import Foundation

/// The tools that come with Whinchat, by the names under which `--tools` picks them.
package enum BuiltInTool: String, CaseIterable, Hashable, Sendable {
    case calculate
    case currentTime = "current_time"
    case getWeather = "get_weather"
    case queryDatabase = "query_database"
    case sendEmail = "send_email"

    /// - Parameters:
    ///   - transfers: the way to the network, for `get_weather`.
    ///   - outbox: the folder for `send_email`.
    /// - Throws: `DatabaseError`, for `query_database` alone.
    package func make(transfers: TransferQueue, outbox: URL) throws -> any Tool {
        switch self {
        case .calculate: Calculate()
        case .currentTime: CurrentTime()
        case .getWeather: GetWeather(transfers: transfers)
        case .queryDatabase: try QueryDatabase()
        case .sendEmail: SendEmail(outbox: outbox)
        }
    }

    /// Reads a selection: names with commas, `all` or `none`, in any order, once each.
    ///
    /// - Returns: nil where a name is none of these.
    package static func selection(_ text: String) -> [BuiltInTool]? {
        switch text {
        case "all": return Self.allCases
        case "none": return []
        default: break
        }
        var tools: [BuiltInTool] = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            let name = name.drop { $0 == " " }
            guard let tool = BuiltInTool(rawValue: String(name.prefix { $0 != " " })) else { return nil }
            if !tools.contains(tool) { tools.append(tool) }
        }
        return tools
    }
}
