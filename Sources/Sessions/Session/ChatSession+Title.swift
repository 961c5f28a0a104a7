import ChatProtocol
import Conversation
import Logging
import Models

// The title that a session without one gets after its first exchange: by a model where one is set for it, else from the
// person's first words. A person's own is never touched.
extension ChatSession {
    /// The title that goes out with the end of a turn, in the same commit; nil where it has one, or a model is asked for it.
    func titleAtEnd(of reply: Message) -> String? {
        // What a command is changing may have to be taken back: until then no other change may build on it.
        guard reply.status == .completed, settings.title.isEmpty, !isTransacting, namingModel == nil else { return nil }
        return firstWordsTitle(before: reply.id)
    }

    /// Has the session named after a turn, where that has not been done with the turn's end.
    func nameSession(after reply: String) {
        guard settings.title.isEmpty, context.title == nil, presence == .loaded,
            tree.message(reply)?.status == .completed
        else { return }
        guard let model = namingModel, environment.context.backgroundCalls.begin() else {
            return setTitle(firstWordsTitle(before: reply), after: reply)
        }
        let job = TitleJob(Array(tree.path(to: reply).prefix(2)))
        let call = TextCall(model: model) { [self] result in assumeIsolated { $0.named(result, after: reply) } }
        context.title = call
        start(call, system: job.system, prompt: job.prompt, maxTokens: job.maxTokens)
    }

    func stopTitle() {
        guard let call = context.title else { return }
        call.cancel()
        context.title = nil
        ended(call)
    }

    /// The model that is asked for titles.
    private var namingModel: String? { environment.drain.isDraining ? nil : environment.context.summaryModel }

    private func firstWordsTitle(before reply: String) -> String? {
        tree.path(to: reply).first.flatMap { SessionTitle.made(from: $0.content.visibleText) }
    }

    private func named(_ result: Result<String, TextFailure>, after reply: String) {
        guard let call = context.title else { return }
        context.title = nil
        ended(call)
        var title: String?
        switch result {
        case .success(let answer): title = SessionTitle.made(fromAnswer: answer)
        case .failure(let failure):
            environment.logger.warning(
                "a title could not be made, the first words are taken",
                metadata: ["session": "\(id)", "error": "\(failure)"])
        }
        setTitle(title ?? firstWordsTitle(before: reply), after: reply)
    }

    private func setTitle(_ title: String?, after reply: String) {
        guard let title else { return }
        // Behind what is being saved, which may be a person's title.
        whenSettled { [self] _ in
            guard presence == .loaded, settings.title.isEmpty, tree.contains(reply) else { return }
            let changes = takeTitle(title)
            commit(changes, news: [.sessionUpdated(shownSettings)], isAtRest: isAtRest) { [self] succeeded in
                titleIsSaved(succeeded)
            }
        }
    }

    /// Gives the session its title; commands wait until that is saved, and `titleIsSaved` is called.
    ///
    /// - Returns: what is to be saved.
    func takeTitle(_ title: String) -> [SessionChange] {
        isTransacting = true
        settings.title = title
        settings.titleIsMade = true
        return [.settings(settings)]
    }

    func titleIsSaved(_ succeeded: Bool) {
        isTransacting = false
        // The next turn has it made again.
        if !succeeded { forgetMadeTitle() }
    }

    /// Takes away the title, where the server made it.
    ///
    /// - Returns: whether it did.
    @discardableResult
    func forgetMadeTitle() -> Bool {
        guard settings.titleIsMade else { return false }
        settings.title = ""
        settings.titleIsMade = false
        return true
    }
}
