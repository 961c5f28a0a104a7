/// Which end of a connection this is. RFC 6455 §5.1: a client masks every frame, a server masks none.
package enum Role: Sendable, Equatable {
    case server
    case client
}
