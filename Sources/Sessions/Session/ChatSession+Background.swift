import Conversation
import Logging
import Models
import NIOCore
import Tools

// What is made between turns: summaries, and vectors of messages. No turn waits for it, and neither does the end of the server.
extension ChatSession {
    /// A turn has ended, and that is saved.
    func workBetweenTurns(after reply: String) {
        if let summary = context.summary {
            if tree.path(to: reply).contains(where: { $0.id == summary.job.lastMessage }) {
                context.summary?.reply = reply
            } else {
                // It is about a branch that was left.
                stopSummary()
            }
        }
        nameSession(after: reply)
        summarise(after: reply, number: 1)
        embedMessages()
    }

    /// What is under way has become pointless.
    func stopBackgroundWork() {
        stopSummary()
        stopTitle()
        context.embedding?.cancel()
    }

    /// Ends what takes too long; called now and then.
    func expireBackgroundWork(_ now: NIODeadline) {
        if let call = context.summary?.call, now - call.startedAt > TimeAmount(environment.context.backgroundTime) {
            call.fail(.tooSlow)
        }
        if let call = context.title, now - call.startedAt > TimeAmount(environment.context.titleTime) {
            call.fail(.tooSlow)
        }
    }

    // MARK: Summaries

    /// Jobs after one turn: one that begins to summarise a long conversation folds it in by pieces.
    private static let maximumSummaryJobs = 8
    /// Failures in a row, after which a session has no more summaries made until it is loaded again: each is paid for.
    private static let maximumFailedSummaries = 5

    private func summarise(after reply: String, number: Int) {
        let settings = offeredSettings
        guard settings.context.policy == Summarise.name, context.summary == nil, presence == .loaded,
            number <= Self.maximumSummaryJobs, context.failedSummaries < Self.maximumFailedSummaries,
            !environment.drain.isDraining
        else { return }
        let input = contextInput(
            to: reply, settings: settings, tools: environment.tools.subset(settings.tools).descriptions)
        guard let job = SummaryJob.next(for: input),
            // Notes that stay too long are not written again and again.
            job.kind != .condense || number == 1, environment.context.backgroundCalls.begin()
        else { return }
        let model = environment.context.summaryModel ?? settings.model
        let call = TextCall(model: model) { [self] result in assumeIsolated { $0.summarised(result) } }
        context.summary = SummaryCall(job: job, reply: reply, number: number, call: call)
        start(call, system: job.system, prompt: job.prompt, maxTokens: job.maxTokens)
    }

    /// Begins a call for which there is a place among `backgroundCalls`.
    func start(_ call: TextCall, system: String, prompt: String, maxTokens: Int) {
        call.start(
            system: system, prompt: prompt, maxTokens: maxTokens, environment.provider, on: loop.models,
            stallTimeout: environment.limits.stallTimeout)
    }

    private func summarised(_ result: Result<String, TextFailure>) {
        guard let call = context.summary else { return }
        endSummary(call)
        switch call.summary(from: result) {
        case .success(let summary):
            context.failedSummaries = 0
            context.add(summary)
            commit([.summarised(summary)], isAtRest: isAtRest, happened: true)
            summarise(after: call.reply, number: call.number + 1)
        case .failure(let failure):
            summaryFailed("\(failure)")
        }
    }

    private func summaryFailed(_ reason: String) {
        context.failedSummaries += 1
        environment.logger.warning(
            "a summary could not be made, the window applies", metadata: ["session": "\(id)", "error": "\(reason)"])
    }

    private func stopSummary() {
        guard let summary = context.summary else { return }
        summary.call.cancel()
        endSummary(summary)
    }

    private func endSummary(_ summary: SummaryCall) {
        context.summary = nil
        ended(summary.call)
    }

    /// A call is over, however it ended.
    func ended(_ call: TextCall) {
        environment.context.backgroundCalls.end()
        spent(call.usage, model: call.model)
    }

    // MARK: Vectors

    /// Batches after one turn. A long conversation gets its vectors over several turns.
    private static let maximumEmbeddingBatches = 32

    private func embedMessages() {
        guard let model = environment.context.embeddings, offeredSettings.context.policy == Retrieve.name,
            context.embedding == nil, presence == .loaded, !environment.drain.isDraining,
            environment.context.backgroundCalls.begin()
        else { return }
        context.embedding = Task {
            do {
                for _ in 0..<Self.maximumEmbeddingBatches {
                    guard try await embedSome(by: model) else { break }
                }
            } catch is CancellationError {
            } catch {
                environment.context.embeddingHealth.failed(error, logger: environment.logger)
            }
            context.embedding = nil
            environment.context.backgroundCalls.end()
        }
    }

    /// - Returns: whether there may be more.
    private func embedSome(by model: EmbeddingModel) async throws -> Bool {
        let messages = try await environment.store.messagesToEmbed(
            model: model.name, in: id, limit: EmbeddingModel.batchTexts)
        guard !messages.isEmpty else { return false }
        var vectors: [MessageVector] = []
        do {
            vectors = try await embed(messages, by: model)
        } catch let error as ModelError where error.code == .rejected && messages.count > 1 {
            // One text that the model does not take must not keep the others from theirs.
            for message in messages {
                do {
                    vectors += try await embed([message], by: model)
                } catch let error as ModelError where error.code == .rejected {
                    // A vector of no length, so that it is not tried for ever.
                    vectors.append(MessageVector(message: message.id, values: []))
                }
            }
        }
        environment.context.embeddingHealth.worked()
        try Task.checkCancellation()
        guard presence == .loaded else { return false }
        let isSaved = await withCheckedContinuation { continuation in
            commit([.embedded(model: model.name, vectors)], isAtRest: isAtRest) { continuation.resume(returning: $0) }
        }
        return isSaved && messages.count == EmbeddingModel.batchTexts
    }

    private func embed(
        _ messages: [(id: String, text: String)], by model: EmbeddingModel
    ) async throws -> [MessageVector] {
        let answer = try await model.vectors(
            of: messages.map(\.text), over: loop.models.transfers, within: environment.context.backgroundTime)
        spent(Usage(inputTokens: answer.tokens), model: model.name)
        return zip(messages, answer.vectors).map { MessageVector(message: $0.id, values: $1) }
    }

    // MARK: Spending

    /// What calls used that belong to no turn.
    func spent(_ usage: Usage, model: String) {
        guard presence == .loaded else { return }
        let changes = spend(usage, on: model)
        if !changes.isEmpty { commit(changes, isAtRest: isAtRest, happened: true) }
    }
}
