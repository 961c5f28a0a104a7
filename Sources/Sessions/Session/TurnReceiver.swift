import Models

/// Hears one call to the model, for one round of one turn.
final class TurnReceiver: ModelEventReceiver {
    private let session: ChatSession
    private let generation: Int

    init(session: ChatSession, generation: Int) {
        self.session = session
        self.generation = generation
    }

    func receive(_ batch: borrowing ModelEventBatch) {
        let (batch, generation) = (copy batch, generation)
        session.assumeIsolated { $0.receive(batch, generation: generation) }
    }
}
