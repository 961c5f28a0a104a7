/// The engine's side of a `TransferQueue`: what this pass has brought for it so far.
///
/// Touched only on the engine's thread, hence unchecked.
final class QueueOutbox: @unchecked Sendable {
    var delivery: Delivery?
    /// Transfers that libcurl has paused because the event loop is behind.
    var paused: [EasyTransfer] = []
    /// Transfers were paused since the last hand-over, and nobody has asked for room yet.
    var mustAskForRoom = false
}
