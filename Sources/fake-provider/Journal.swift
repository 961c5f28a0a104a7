import JSON
import NIOConcurrencyHelpers
import NIOCore
import Synchronization
import WhinchatTesting

/// What happened so far, for `/_log` and `/_stats`.
final class Journal: Sendable {
    private struct State {
        var requests: [JSONValue] = []
        var connections: [Int: (opened: Moment, departure: Departure?)] = [:]
    }

    private let state = NIOLockedValueBox(State())
    let tokensSent = Atomic<Int>(0)
    let activeStreams = Atomic<Int>(0)

    func note(_ exchange: Exchange, body: JSONValue) {
        let request = exchange.request
        let connection = exchange.connection
        let headers = Dictionary(request.headers.map { ($0.name, JSONValue.string($0.value)) }) { first, _ in first }
        let entry: JSONValue = [
            "connection": .int(connection.id), "method": .string(request.method), "path": .string(request.path),
            "model": body["model"] ?? nil, "headers": .object(headers), "body": body, "at": Self.value(request.moment),
        ]
        let isNew = state.withLockedValue { state in
            state.requests.append(entry)
            guard state.connections[connection.id] == nil else { return false }
            state.connections[connection.id] = (connection.opened, nil)
            return true
        }
        guard isNew else { return }
        connection.departure.whenSuccess { departure in
            self.state.withLockedValue { $0.connections[connection.id]?.departure = departure }
        }
    }

    func reset() {
        state.withLockedValue { state in
            state.requests = []
            state.connections = state.connections.filter { $0.value.departure == nil }
        }
        tokensSent.store(0, ordering: .relaxed)
    }

    var log: JSONValue {
        let state = state.withLockedValue { $0 }
        let connections = state.connections.sorted { $0.key < $1.key }.map { id, connection -> JSONValue in
            let closed: JSONValue? = connection.departure.map { departure in
                [
                    "manner": .string(departure.manner.rawValue), "by_peer": .bool(departure.isByPeer),
                    "at": Self.value(departure.moment),
                ]
            }
            return ["id": .int(id), "opened": Self.value(connection.opened), "closed": closed ?? nil]
        }
        return ["requests": .array(state.requests), "connections": .array(connections)]
    }

    var stats: JSONValue {
        let state = state.withLockedValue { $0 }
        return [
            "requests": .int(state.requests.count), "connections": .int(state.connections.count),
            "open_connections": .int(state.connections.values.count { $0.departure == nil }),
            "active_streams": .int(activeStreams.load(ordering: .relaxed)),
            "tokens_sent": .int(tokensSent.load(ordering: .relaxed)),
        ]
    }

    private static func value(_ moment: Moment) -> JSONValue {
        [
            "monotonic_ns": .int(Int(moment.monotonicNanoseconds)), "unix_ns": .int(Int(moment.unixNanoseconds)),
        ]
    }
}
